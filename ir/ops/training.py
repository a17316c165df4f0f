"""The optimizers' update rules, dense and sparse.

The lead is writing this family.
"""
