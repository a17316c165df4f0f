"""Reading and writing MetaGraphs: another engineer is writing this."""
