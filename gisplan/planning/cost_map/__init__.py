"""What connecting costs from every place, to its best access point."""
