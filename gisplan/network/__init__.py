"""The compiled network: snapshot, topology, corridors, trace."""
