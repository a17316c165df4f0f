"""SavedModels: folders with graphs, variables and assets, in TensorFlow's layout.

    saved_model.pb       a SavedModel: one or more MetaGraphDefs, told apart by their tags
    variables/           a checkpoint, `variables`, which all graphs share
    assets/              files that the graphs read, such as vocabularies
    assets.extra/        files that only the model's users read

What is written here TensorFlow reads, and the reverse.
"""

from flowc.runtime.saved_model.errors import (
    DamagedModelError,
    InvalidModelError,
    MissingModelError,
    UnknownSignatureError,
    UnknownTagsError,
)
from flowc.runtime.saved_model.objects import captured_variables
from flowc.runtime.saved_model.reading import (
    asset_paths,
    contains_saved_model,
    meta_graph_of,
    read_saved_model,
    variables_prefix,
)
from flowc.runtime.saved_model.staging import Staging

__all__ = [
    "DamagedModelError",
    "InvalidModelError",
    "MissingModelError",
    "Staging",
    "UnknownSignatureError",
    "UnknownTagsError",
    "asset_paths",
    "captured_variables",
    "contains_saved_model",
    "meta_graph_of",
    "read_saved_model",
    "variables_prefix",
]
