"""Frozen facts: what a grid, a corridor, an application, an option and a plan are."""
