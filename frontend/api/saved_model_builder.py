"""`tf.saved_model.builder`: writing SavedModels."""

from flowc.frontend.saved_model.builder import SavedModelBuilder

__all__ = ["SavedModelBuilder"]
