"""Tensor IR to loop IR: each fusion becomes a kernel, the computation a program."""
