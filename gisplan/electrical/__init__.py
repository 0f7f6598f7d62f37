"""What a connection does to the grid: base state, screening, AC proof, sizing, findings."""
