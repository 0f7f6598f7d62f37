"""PostGIS: the private cluster, migrations, named queries; the only place that knows SQL."""
