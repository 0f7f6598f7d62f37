"""One search from the site meets access points in order of cost; plain arrays, no grid."""
