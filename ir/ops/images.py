"""Images: another engineer is writing this family."""
