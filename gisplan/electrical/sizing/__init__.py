"""Conductors: current, drop, short-circuit withstand."""
