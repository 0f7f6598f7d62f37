"""Exports: density and plans as files that a planner's other tools read."""
