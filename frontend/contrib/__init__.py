"""`tf.contrib`: names that TensorFlow 1 programs use, over what is elsewhere in the frontend."""
