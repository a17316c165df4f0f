"""`tf.distributions`: distributions of random numbers, and how far one is from another."""
