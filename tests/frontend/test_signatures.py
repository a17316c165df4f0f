"""The functions of TensorFlow 1.15 by name, and their arguments in its order.

`signatures.txt` has a line for each public function of its main namespaces. What differs or is
missing knowingly is listed here; what is listed and no longer differs must go.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flowc as tf

LINES = [
    line
    for line in Path(__file__).with_name("signatures.txt").read_text().splitlines()
    if not line.startswith("#")
]

# Functions that are not there: they need what flowc does not have (ragged tensors, eager tensors,
# quantized kernels, protocol messages as tensors, plug-ins), or are still to come.
ABSENT = """
tf.compat.forward_compatibility_horizon tf.create_partitioned_variables tf.ctc_loss_v2
tf.debugging.get_log_device_placement tf.debugging.set_log_device_placement tf.decode_compressed
tf.decode_json_example tf.delete_session_tensor tf.dequantize tf.deserialize_many_sparse
tf.experimental.function_executor_type
tf.experimental.output_all_intermediates
tf.feature_column.sequence_categorical_column_with_hash_bucket
tf.feature_column.sequence_categorical_column_with_identity
tf.feature_column.sequence_categorical_column_with_vocabulary_file
tf.feature_column.sequence_categorical_column_with_vocabulary_list
tf.feature_column.sequence_numeric_column tf.fingerprint tf.get_session_handle
tf.get_session_tensor tf.grad_pass_through tf.graph_util.import_graph_def
tf.graph_util.must_run_on_cpu tf.graph_util.tensor_shape_from_node_def_name
tf.image.combined_non_max_suppression tf.image.extract_glimpse
tf.image.generate_bounding_box_proposals tf.io.decode_compressed tf.io.decode_json_example
tf.io.decode_proto tf.io.deserialize_many_sparse tf.io.encode_proto tf.io.parse_sequence_example
tf.io.serialize_many_sparse tf.io.serialize_sparse tf.layers.conv3d_transpose
tf.layers.experimental.keras_style_scope tf.layers.experimental.set_keras_style
tf.layers.separable_conv1d tf.load_file_system_library tf.load_library
tf.logging.TaskLevelStatusMessage tf.nn.collapse_repeated tf.nn.ctc_beam_search_decoder_v2
tf.nn.ctc_loss_v2 tf.nn.ctc_unique_labels tf.nn.fixed_unigram_candidate_sampler
tf.nn.fractional_avg_pool tf.nn.fractional_max_pool tf.nn.learned_unigram_candidate_sampler
tf.nn.quantized_avg_pool tf.nn.quantized_conv2d tf.nn.quantized_max_pool tf.nn.quantized_relu_x
tf.nn.with_space_to_batch tf.nondifferentiable_batch_function tf.py_function
tf.quantization.dequantize tf.quantization.quantize tf.quantization.quantized_concat tf.quantize
tf.quantize_v2 tf.quantized_concat tf.random.experimental.create_rng_state
tf.random.experimental.get_global_generator tf.random.experimental.set_global_generator
tf.random.fixed_unigram_candidate_sampler tf.random.learned_unigram_candidate_sampler
tf.recompute_grad tf.required_space_to_batch_paddings
tf.resource_loader.get_root_dir_with_all_resources tf.saved_model.experimental.save
tf.saved_model.load_v2 tf.saved_model.save tf.serialize_many_sparse tf.serialize_sparse
tf.sysconfig.get_compile_flags tf.sysconfig.get_include tf.sysconfig.get_lib
tf.sysconfig.get_link_flags tf.timestamp tf.train.do_quantize_training_on_graphdef
tf.train.sdca_fprint tf.train.sdca_optimizer tf.train.sdca_shrink_l1 tf.train.warm_start
tf.variable_creator_scope tf.wrap_function
"""

# Functions whose arguments differ in name or order.
DIFFERENT = """
tf.as_dtype tf.dtypes.as_dtype tf.layers.batch_normalization tf.make_tensor_proto
tf.nest.is_nested tf.sparse.split tf.sparse_split tf.variable_op_scope
"""


def parsed() -> Iterator[tuple[str, list[str]]]:
    """The name of each function, and its arguments."""
    for line in LINES:
        found = re.fullmatch(r"([\w.]+)\((.*)\)", line)
        assert found is not None, line
        parts = [part.strip("=") for part in found[2].split(", ") if part]
        yield found[1], [part for part in parts if not part.startswith("*")]


def function(path: str) -> Any:
    """The function of this name; None where there is none."""
    found: Any = tf
    for part in path.split(".")[1:]:
        found = getattr(found, part, None)
    return found


def positions(given: Callable[..., Any]) -> list[str] | None:
    """A function's arguments in order; None where it takes any."""
    try:
        parameters = inspect.signature(given).parameters.values()
    except NotImplementedError:  # of an op that is not there
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    return [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]


def differs(path: str, wanted: list[str]) -> bool:
    """Whether the function lacks an argument of TensorFlow, or has it at another place."""
    found = positions(function(path))
    return found is not None and found[: len(wanted)] != wanted


def test_what_is_not_there_is_known() -> None:
    assert {path for path, _ in parsed() if function(path) is None} == set(ABSENT.split())


def test_arguments_stand_where_tensorflow_has_them() -> None:
    assert {
        path for path, wanted in parsed() if function(path) is not None and differs(path, wanted)
    } == set(DIFFERENT.split())


def test_the_list_is_whole() -> None:
    assert len(LINES) > 1200
