"""Code for GPUs, a sketch: grids of loop IR to PTX text. Nothing runs it yet."""
