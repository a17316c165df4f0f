"""`tf.saved_model`: models as folders that programs, and TensorFlow's servers, load and run."""
