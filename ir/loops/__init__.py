"""Loop IR: kernels as loop nests over flat buffers, one level above LLVM IR."""
