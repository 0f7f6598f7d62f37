"""Several applications planned together: trenches that they share, proven and split fairly."""
