"""Rules, limits and prices as data, with their origin and how sure they are."""
