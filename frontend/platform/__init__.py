"""Small services beside the graph, app, flags, logging, gfile: another engineer writes these."""
