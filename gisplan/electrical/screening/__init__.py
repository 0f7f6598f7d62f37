"""Verdicts on many points at once, and what each could still take."""
