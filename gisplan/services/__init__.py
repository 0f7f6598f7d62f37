"""Use cases that join input, output and the pure core."""
