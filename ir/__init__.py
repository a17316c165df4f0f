"""The vocabulary: dtypes, protocol buffers, ops, tensor IR and loop IR."""
