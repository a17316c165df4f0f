"""Sessions that initialise or restore the model, call hooks at every step, and recover."""
