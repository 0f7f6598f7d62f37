"""From any vector source to arrays of grid rows: read, map, check; no database here."""
