"""The namespaces of the API: one module for each of `tf.nn`, `tf.train`, `tf.losses` ..."""
