"""Existing load: estimated, scaled to what was measured, and how far it may be wrong."""
