"""The AC proof of a connection."""
