"""`tf.saved_model.utils`: tensors as signatures name them."""

from flowc.frontend.saved_model.tensor_infos import build_tensor_info, get_tensor_from_tensor_info

__all__ = ["build_tensor_info", "get_tensor_from_tensor_info"]
