"""Ways over open ground: least cost on rasters, joined with streets; overhead lines."""
