"""Summaries: what a program records for TensorBoard, and the event files that hold it."""
