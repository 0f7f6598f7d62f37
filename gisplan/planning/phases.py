"""How an option names the phases that a customer is connected to."""

from __future__ import annotations

THREE_PHASES = "L1-L2-L3"
ONE_PHASE = "one phase"
"""Of an option that was refused before a phase could be chosen."""
