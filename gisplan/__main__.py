"""Run the command as ``python -m gisplan``."""

from gisplan.cli import main

main()
