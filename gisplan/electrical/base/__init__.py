"""The supply tree and its state before a connection."""
