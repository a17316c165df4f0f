"""`tf.saved_model.main_op`: what a SavedModel runs when it has been loaded."""

from flowc.frontend.saved_model.main_op import main_op, main_op_with_restore

__all__ = ["main_op", "main_op_with_restore"]
