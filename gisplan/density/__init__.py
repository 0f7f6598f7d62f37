"""Density: where applications and load gather. Pure computation on arrays, no I/O."""
