"""Tolerances below which two voltages or loadings count as equal."""

OWN_TOLERANCE_PU = 1e-6
"""In the low-voltage network or feeder of the new demand: only the solver's error is excused."""
FAR_TOLERANCE_PU = 1e-4
"""Elsewhere: 0.04 V of 400 V, far below what a load estimate or a meter can tell."""
OWN_TOLERANCE_RATIO = 1e-6
FAR_TOLERANCE_RATIO = 1e-3
