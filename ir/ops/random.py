"""Random numbers: TensorFlow's Philox and its sampling algorithms.

Another engineer is writing this family.
"""
