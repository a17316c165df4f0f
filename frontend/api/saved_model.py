"""`tf.saved_model`: writing and loading SavedModels."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.api import saved_model_builder as builder
from flowc.frontend.api import saved_model_constants as constants
from flowc.frontend.api import saved_model_loader as loader
from flowc.frontend.api import saved_model_main_op as main_op
from flowc.frontend.api import saved_model_signature_constants as signature_constants
from flowc.frontend.api import saved_model_signature_def_utils as signature_def_utils
from flowc.frontend.api import saved_model_tag_constants as tag_constants
from flowc.frontend.api import saved_model_utils as utils
from flowc.frontend.saved_model.builder import SavedModelBuilder as Builder
from flowc.frontend.saved_model.builder import simple_save
from flowc.frontend.saved_model.loader import (
    contains_saved_model, load, maybe_saved_model_directory,
)
from flowc.frontend.saved_model.main_op import main_op_with_restore
from flowc.frontend.saved_model.signatures import (
    build_signature_def, classification_signature_def, is_valid_signature, predict_signature_def,
    regression_signature_def,
)
from flowc.frontend.saved_model.tensor_infos import build_tensor_info, get_tensor_from_tensor_info
from flowc.runtime.saved_model.constants import (
    ASSETS_DIRECTORY, ASSETS_KEY, CLASSIFY_INPUTS, CLASSIFY_METHOD_NAME, CLASSIFY_OUTPUT_CLASSES,
    CLASSIFY_OUTPUT_SCORES, DEFAULT_SERVING_SIGNATURE_DEF_KEY, GPU, LEGACY_INIT_OP_KEY, MAIN_OP_KEY,
    PREDICT_INPUTS, PREDICT_METHOD_NAME, PREDICT_OUTPUTS, REGRESS_INPUTS, REGRESS_METHOD_NAME,
    REGRESS_OUTPUTS, SAVED_MODEL_FILENAME_PB, SAVED_MODEL_FILENAME_PBTXT,
    SAVED_MODEL_SCHEMA_VERSION, SERVING, TPU, TRAINING, VARIABLES_DIRECTORY, VARIABLES_FILENAME,
)

__all__ = [
    "ASSETS_DIRECTORY", "ASSETS_KEY", "CLASSIFY_INPUTS", "CLASSIFY_METHOD_NAME",
    "CLASSIFY_OUTPUT_CLASSES", "CLASSIFY_OUTPUT_SCORES", "DEFAULT_SERVING_SIGNATURE_DEF_KEY", "GPU",
    "LEGACY_INIT_OP_KEY", "MAIN_OP_KEY", "PREDICT_INPUTS", "PREDICT_METHOD_NAME", "PREDICT_OUTPUTS",
    "REGRESS_INPUTS", "REGRESS_METHOD_NAME", "REGRESS_OUTPUTS", "SAVED_MODEL_FILENAME_PB",
    "SAVED_MODEL_FILENAME_PBTXT", "SAVED_MODEL_SCHEMA_VERSION", "SERVING", "TPU", "TRAINING",
    "VARIABLES_DIRECTORY", "VARIABLES_FILENAME", "Builder", "build_signature_def",
    "build_tensor_info", "builder", "classification_signature_def", "constants",
    "contains_saved_model", "get_tensor_from_tensor_info", "is_valid_signature", "load", "loader",
    "main_op", "main_op_with_restore", "maybe_saved_model_directory", "predict_signature_def",
    "regression_signature_def", "signature_constants", "signature_def_utils", "simple_save",
    "tag_constants", "utils",
]
