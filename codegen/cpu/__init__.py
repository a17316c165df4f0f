"""What is particular to CPUs: threads, micro-kernels, object code, the entry of a program."""
