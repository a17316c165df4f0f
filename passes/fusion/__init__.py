"""Fusion: which instructions become one kernel, and in which order the kernels run."""
