"""Control flow of graphs: conditionals, loops and arrays, as TensorFlow 1 writes them."""
