"""`tf.saved_model.loader`: loading SavedModels."""

from flowc.frontend.saved_model.loader import load, maybe_saved_model_directory

__all__ = ["load", "maybe_saved_model_directory"]
