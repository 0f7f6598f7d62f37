"""Maps that leave the house: one HTML file each, nothing loaded from anywhere."""
