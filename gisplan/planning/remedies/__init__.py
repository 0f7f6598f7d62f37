"""Changes that cost nothing and let a customer connect."""
