"""`tf.layers`: layers as objects that own their variables, and as functions that make one."""
