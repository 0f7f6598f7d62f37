"""Single-phase customers and disturbing loads."""
