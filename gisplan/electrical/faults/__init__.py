"""Short circuits, protection and earth faults."""
