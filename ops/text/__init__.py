"""Strings, and formats made of them."""
