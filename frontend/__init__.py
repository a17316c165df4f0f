"""What a user calls: graphs, ops, variables, gradients, training."""
