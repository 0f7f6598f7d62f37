"""Routes that share nothing, or as little as can be: a flow of least cost, with its proof."""
