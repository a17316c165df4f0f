"""`tf.test`: test cases with a session, comparisons of arrays, gradients by differences."""
