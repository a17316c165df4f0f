"""Variables: making, reading and assigning them, whole or in slices.

The lead is writing this family.
"""
