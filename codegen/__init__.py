"""Loop IR to LLVM IR, for the CPU and for NVIDIA GPUs."""
