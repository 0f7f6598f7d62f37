"""Routes over open ground that a user gives, as cable or as an overhead line."""
