"""What programs for TensorFlow 1 use beside graphs: flags, an entry point, logging, files."""
