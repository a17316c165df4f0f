"""Feature columns: how raw features become what a model takes."""
