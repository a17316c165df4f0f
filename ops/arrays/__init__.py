"""Shapes and places: cutting, joining, gathering, reducing."""
