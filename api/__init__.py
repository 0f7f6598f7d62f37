"""The HTTP service: applications, options, plans, density and map tiles under /api/v1."""
