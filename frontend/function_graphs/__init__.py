"""Functions in a graph's library: their bodies, their calls, their gradients."""
