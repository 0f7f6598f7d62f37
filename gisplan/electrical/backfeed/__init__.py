"""N-1: the states in which another feeder resupplies."""
