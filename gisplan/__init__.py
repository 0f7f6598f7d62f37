"""Decide where a new electricity customer connects, along which path, with what consequences."""

from importlib.metadata import version

__version__ = version("gisplan")
