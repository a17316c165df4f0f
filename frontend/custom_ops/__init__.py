"""Ops that a program defines: in Python with a lowering or kernel, or in C in a shared library."""
