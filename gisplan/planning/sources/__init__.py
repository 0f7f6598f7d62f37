"""Several sources for one customer, over routes that share no trench."""
