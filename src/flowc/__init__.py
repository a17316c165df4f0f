"""flowc: a compiler for TensorFlow 1 graphs, with TensorFlow 1's API.

    import flowc as tf

    x = tf.placeholder(tf.float32, [None, 784])
    w = tf.get_variable("w", [784, 10])
    y = tf.matmul(x, w)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(y, {x: images})

Everything a program calls is named here or in a namespace such as `tf.nn`; the graph it builds is
compiled when a session first runs it.
"""
# fmt: off
# ruff: noqa: I001

from __future__ import annotations

import builtins
import importlib
import sys
from typing import TYPE_CHECKING, Any

from flowc.frontend import compat, nest
from flowc.frontend.api import modules
from flowc.frontend.api import (
    custom_ops, debugging, dtypes, errors, graph_util, image, initializers, io, layers, linalg,
    losses, manip, math, metrics, nn, python_io, queue, random, sparse, strings, summary, train,
)
from flowc.frontend.collections import (
    GraphKeys, add_to_collection, add_to_collections, get_all_collection_keys, get_collection,
    get_collection_ref,
)
from flowc.frontend.composites import (
    IndexedSlices, IndexedSlicesValue, SparseTensor, SparseTensorValue,
    convert_to_tensor_or_indexed_slices, convert_to_tensor_or_sparse_tensor, sparse_placeholder,
)
from flowc.frontend.control_flow.conditionals import case, cond, switch_case
from flowc.frontend.control_flow.loops import while_loop
from flowc.frontend.control_flow.mapping import foldl, foldr, map_fn, scan
from flowc.frontend.control_flow.tensor_array import TensorArray
from flowc.frontend.control_flow.vectorized import vectorized_map
from flowc.frontend.conversion import (
    constant, convert_to_tensor, register_tensor_conversion_function,
)
from flowc.frontend.custom_ops.library import load_op_library
from flowc.ir.devices import DeviceSpec
from flowc.frontend.elements import Operation
from flowc.frontend.functions.batch_scatter import batch_scatter_update
from flowc.frontend.functions.arithmetic import (
    extract_volume_patches,
    histogram_fixed_width, histogram_fixed_width_bins, unravel_index, unsorted_segment_sqrt_n,
)
from flowc.frontend.functions.checks import (
    assert_equal, assert_greater, assert_greater_equal, assert_less, assert_less_equal,
    assert_negative, assert_non_negative, assert_non_positive, assert_none_equal, assert_positive,
    assert_rank, assert_rank_at_least, assert_type, is_non_decreasing, is_numeric_tensor,
    is_strictly_increasing, verify_tensor_all_finite,
)
from flowc.frontend.functions.clipping import (
    clip_by_average_norm, clip_by_global_norm, clip_by_norm, global_norm,
)
from flowc.frontend.functions.control import (
    add_check_numerics_ops, check_numerics, group, identity, identity_n, no_op, stop_gradient,
)
from flowc.frontend.functions.control import assert_that as Assert
from flowc.frontend.functions.control import print_ as Print
from flowc.frontend.functions.control import tuple_ as tuple
from flowc.frontend.functions.decorated import function
from flowc.frontend.functions.diagonals import (
    diag, diag_part, matrix_band_part, matrix_diag, matrix_diag_part, matrix_set_diag,
)
from flowc.frontend.functions.filling import (
    eye, fill, lin_space, linspace, one_hot, ones, ones_like, placeholder,
    placeholder_with_default, zeros, zeros_like,
)
from flowc.frontend.functions.filling import range_ as range
from flowc.frontend.functions.general import (
    ensure_shape, guarantee_const, init_scope, is_tensor,
)
from flowc.frontend.functions.printing import print_v2 as print
from flowc.frontend.tensor_util import constant_value as get_static_value
from flowc.frontend.functions.linear_algebra import (
    cholesky, cholesky_solve, fft, fft2d, fft3d, ifft, ifft2d, ifft3d, matrix_determinant,
    matrix_inverse, matrix_solve, matrix_square_root, matrix_triangular_solve, qr,
    self_adjoint_eig, self_adjoint_eigvals, svd,
)
from flowc.frontend.functions.mathematics import abs_ as abs
from flowc.frontend.functions.mathematics import (
    accumulate_n, acos, acosh, add, add_n, angle, asin, asinh, atan, atan2, atanh, betainc,
    bincount, cast, ceil, confusion_matrix, conj, cos, cosh, cross, cumprod, cumsum, digamma, div,
    div_no_nan, divide, einsum, equal, erf, erfc, exp, expm1, floor, floor_div, floordiv,
    floormod, greater, greater_equal, igamma, igammac, imag, is_finite, is_inf, is_nan, lbeta,
    less, less_equal, lgamma, log, log1p, logical_and, logical_not, logical_or, logical_xor,
    matmul, maximum, minimum, mod, multiply, negative, nextafter, not_equal, polygamma, polyval,
    real, realdiv, reciprocal, rint, rsqrt, saturate_cast, scalar_mul, segment_max, segment_mean,
    segment_min, segment_prod, segment_sum, sigmoid, sign, sin, sinh, sparse_segment_mean,
    sparse_segment_sqrt_n, sparse_segment_sum, sqrt, square, squared_difference, subtract, tan,
    tanh, tensordot, to_bfloat16, to_complex64, to_complex128, to_double, to_float, to_int32,
    to_int64, trace, truediv, truncatediv, truncatemod, unsorted_segment_max,
    unsorted_segment_mean, unsorted_segment_min, unsorted_segment_prod, unsorted_segment_sum,
    zeta,
)
from flowc.frontend.functions.mathematics import complex_ as complex
from flowc.frontend.functions.mathematics import pow_ as pow
from flowc.frontend.functions.mathematics import round_ as round
from flowc.frontend.functions.more_checks import (
    assert_integer, assert_near, assert_proper_iterable, assert_rank_in, assert_same_float_dtype,
    assert_scalar,
)
from flowc.frontend.functions.more_linear_algebra import lstsq as matrix_solve_ls
from flowc.frontend.functions.parsing import (
    FixedLenFeature, FixedLenSequenceFeature, SparseFeature, VarLenFeature, edit_distance,
    parse_example, parse_single_example, parse_single_sequence_example, parse_tensor,
    serialize_tensor,
)
from flowc.frontend.functions.python_functions import numpy_function, py_func
from flowc.frontend.functions.quantization import (
    fake_quant_with_min_max_args, fake_quant_with_min_max_args_gradient,
    fake_quant_with_min_max_vars, fake_quant_with_min_max_vars_gradient,
    fake_quant_with_min_max_vars_per_channel, fake_quant_with_min_max_vars_per_channel_gradient,
)
from flowc.frontend.functions.random import (
    multinomial, random_crop, random_gamma, random_normal, random_poisson, random_shuffle,
    random_uniform, truncated_normal,
)
from flowc.frontend.functions.reductions import (
    arg_max, arg_min, argmax, argmin, count_nonzero, norm, reduce_all, reduce_any, reduce_join,
    reduce_logsumexp, reduce_max, reduce_mean, reduce_min, reduce_prod, reduce_sum,
)
from flowc.frontend.functions.selection import (
    argsort, batch_gather, boolean_mask, clip_by_value, dynamic_partition, dynamic_stitch, gather,
    gather_nd, scatter_nd, searchsorted, setdiff1d, sort, tensor_scatter_add,
    tensor_scatter_nd_add, tensor_scatter_nd_sub, tensor_scatter_nd_update, tensor_scatter_sub,
    tensor_scatter_update, unique, unique_with_counts, where, where_v2,
)
from flowc.frontend.functions.blocks import (
    batch_to_space, batch_to_space_nd, depth_to_space, space_to_batch, space_to_batch_nd,
    space_to_depth,
)
from flowc.frontend.functions.mathematics import log_sigmoid
from flowc.frontend.functions.shaping import reverse as reverse_v2
from flowc.frontend.functions.shaping import (
    bitcast, broadcast_dynamic_shape, broadcast_static_shape, broadcast_to,
    concat, expand_dims, invert_permutation, matrix_transpose, meshgrid, pad,
    parallel_stack, rank, repeat, reshape, reverse, reverse_sequence, roll, sequence_mask, shape,
    shape_n, size, slice, split, squeeze, stack, strided_slice,
    tile, transpose, unstack,
)
from flowc.frontend.functions.strings import (
    as_string, decode_base64, decode_csv, decode_raw, encode_base64, matching_files, read_file,
    regex_replace, string_join, string_split, string_strip, string_to_hash_bucket,
    string_to_hash_bucket_fast, string_to_hash_bucket_strong, string_to_number, substr,
    write_file,
)
from flowc.frontend.gradients.backward import (
    AggregationMethod, UnconnectedGradients, gradients, hessians,
)
from flowc.frontend.gradients.custom import custom_gradient
from flowc.frontend.gradients.registry import NotDifferentiable as no_gradient
from flowc.frontend.gradients.registry import NoGradient, NotDifferentiable, RegisterGradient
from flowc.frontend.gradients.tape import GradientTape
from flowc.frontend.graph import Graph
from flowc.frontend.importer import import_graph_def
from flowc.frontend.initializers import Constant as constant_initializer
from flowc.frontend.initializers import GlorotNormal as glorot_normal_initializer
from flowc.frontend.initializers import GlorotUniform as glorot_uniform_initializer
from flowc.frontend.initializers import Ones as ones_initializer
from flowc.frontend.initializers import Orthogonal as orthogonal_initializer
from flowc.frontend.initializers import RandomNormal as random_normal_initializer
from flowc.frontend.initializers import RandomUniform as random_uniform_initializer
from flowc.frontend.initializers import TruncatedNormal as truncated_normal_initializer
from flowc.frontend.initializers import UniformUnitScaling as uniform_unit_scaling_initializer
from flowc.frontend.initializers import VarianceScaling as variance_scaling_initializer
from flowc.frontend.initializers import Zeros as zeros_initializer
from flowc.frontend.inputs.queues import (
    FIFOQueue, PaddingFIFOQueue, PriorityQueue, QueueBase, RandomShuffleQueue,
)
from flowc.frontend.inputs.readers import (
    FixedLengthRecordReader, IdentityReader, ReaderBase, TFRecordReader, TextLineReader,
    WholeFileReader,
)
from flowc.frontend.platform import app, flags, gfile, logging, resource_loader
from flowc.frontend.scopes import (
    colocate_with, container, control_dependencies, device, name_scope, op_scope,
)
from flowc.frontend.seeds import get_seed, set_random_seed
from flowc.frontend.session import InteractiveSession, Session
from flowc.frontend.platform.logging import get_logger
from flowc.frontend.shapes import dimension_at_index
from flowc.frontend.shapes import Dimension, TensorShape, dimension_value
from flowc.frontend.stacks import get_default_graph, get_default_session, reset_default_graph
from flowc.frontend.tensor import Tensor
from flowc.frontend.switches import (
    control_flow_v2_enabled, disable_control_flow_v2, disable_tensor_equality,
    disable_v2_tensorshape, enable_control_flow_v2, enable_tensor_equality, enable_v2_behavior,
    enable_v2_tensorshape,
)
from flowc.frontend.tensor_spec import TensorSpec
from flowc.frontend.training.accumulators import (
    ConditionalAccumulator, ConditionalAccumulatorBase, SparseConditionalAccumulator,
)
from flowc.frontend.variables.partitioners import (
    fixed_size_partitioner, min_max_variable_partitioner, variable_axis_size_partitioner,
)
from flowc.frontend.variables.template import make_template
from flowc.frontend.variables.scope import (
    AUTO_REUSE, VariableScope, get_local_variable, get_variable, get_variable_scope,
    no_regularizer, variable_op_scope, variable_scope,
)
from flowc.frontend.variables.sets import (
    all_variables, assert_variables_initialized, assign, assign_add, assign_sub, count_up_to,
    global_variables, global_variables_initializer, initialize_all_variables,
    initialize_local_variables, initialize_variables, is_variable_initialized, local_variables,
    local_variables_initializer, model_variables, moving_average_variables,
    report_uninitialized_variables, scatter_add, scatter_div, scatter_max, scatter_min,
    scatter_mul, scatter_nd_add, scatter_nd_sub, scatter_nd_update, scatter_sub, scatter_update,
    tables_initializer, trainable_variables, variables_initializer,
)
from flowc.frontend.variables.variable import (
    Variable, VariableAggregation, VariableSynchronization, disable_resource_variables,
    enable_resource_variables, resource_variables_enabled,
)
from flowc.ir.dtypes import (
    DType, as_dtype, bfloat16, complex64, complex128, float16, float32, float64, int8, int16,
    int32, int64, qint8, qint16, qint32, quint8, quint16, resource, string, uint8, uint16, uint32,
    uint64, variant,
)
from flowc.ir.dtypes import bool_ as bool
from flowc.ir.dtypes import float16 as half
from flowc.ir.dtypes import float64 as double
from flowc.ir.errors import OpError
from flowc.frontend.variables.sets import tables_initializer as initialize_all_tables
from flowc.ir.proto import (
    AttrValue, ConfigProto, Event, GPUOptions, GraphDef, GraphOptions, HistogramProto,
    MetaGraphDef, NameAttrList, NodeDef, OptimizerOptions, RunMetadata, RunOptions, SessionLog,
    Summary, SummaryMetadata,
)
from flowc.ir.tensor_values import make_ndarray, make_tensor_proto
from flowc.frontend.functions.sparse import (
    sparse_reduce_sum, sparse_reorder, sparse_retain, sparse_tensor_dense_matmul,
    sparse_tensor_to_dense, sparse_to_dense,
)
from flowc.frontend.functions.sparse_structure import (
    sparse_add, sparse_concat, sparse_fill_empty_rows, sparse_mask, sparse_matmul,
    sparse_maximum, sparse_merge, sparse_minimum, sparse_reduce_max, sparse_reduce_max_sparse,
    sparse_reduce_sum_sparse, sparse_reset_shape, sparse_reshape, sparse_slice, sparse_softmax,
    sparse_split, sparse_to_indicator, sparse_transpose,
)
from flowc.frontend.functions.image_measures import image_gradients
from flowc.frontend.functions.images import extract_image_patches

__all__ = [
    "AUTO_REUSE", "GIT_VERSION", "VERSION", "AggregationMethod", "Assert", "AttrValue",
    "ConditionalAccumulator", "ConditionalAccumulatorBase", "ConfigProto", "DType", "DeviceSpec",
    "Dimension", "Event", "FIFOQueue", "FixedLenFeature", "FixedLenSequenceFeature",
    "FixedLengthRecordReader", "GPUOptions", "GradientTape", "Graph", "GraphDef", "GraphKeys",
    "GraphOptions", "HistogramProto", "IdentityReader", "IndexedSlices", "IndexedSlicesValue",
    "InteractiveSession", "MetaGraphDef", "NameAttrList", "NoGradient", "NodeDef",
    "NotDifferentiable", "OpError", "Operation", "OptimizerOptions", "PaddingFIFOQueue", "Print",
    "PriorityQueue", "QueueBase", "RandomShuffleQueue", "ReaderBase", "RegisterGradient",
    "RunMetadata", "RunOptions", "Session", "SessionLog", "SparseConditionalAccumulator",
    "SparseFeature", "SparseTensor", "SparseTensorValue", "Summary", "SummaryMetadata",
    "TFRecordReader", "Tensor", "TensorArray", "TensorShape", "TensorSpec", "TextLineReader",
    "UnconnectedGradients", "VarLenFeature", "Variable", "VariableAggregation", "VariableScope",
    "VariableSynchronization", "WholeFileReader", "__version__", "abs", "accumulate_n", "acos",
    "acosh", "add", "add_check_numerics_ops", "add_n", "add_to_collection", "add_to_collections",
    "all_variables", "angle", "app", "arg_max", "arg_min", "argmax", "argmin", "argsort",
    "as_dtype", "as_string", "asin", "asinh", "assert_equal", "assert_greater",
    "assert_greater_equal", "assert_integer", "assert_less", "assert_less_equal", "assert_near",
    "assert_negative", "assert_non_negative", "assert_non_positive", "assert_none_equal",
    "assert_positive", "assert_proper_iterable", "assert_rank", "assert_rank_at_least",
    "assert_rank_in", "assert_same_float_dtype", "assert_scalar", "assert_type",
    "assert_variables_initialized", "assign", "assign_add", "assign_sub", "atan", "atan2", "atanh",
    "audio", "batch_gather", "batch_scatter_update", "batch_to_space", "batch_to_space_nd",
    "betainc", "bfloat16", "bincount", "bitcast", "bitwise", "bool", "boolean_mask",
    "broadcast_dynamic_shape", "broadcast_static_shape", "broadcast_to", "case", "cast", "ceil",
    "check_numerics", "cholesky", "cholesky_solve", "clip_by_average_norm", "clip_by_global_norm",
    "clip_by_norm", "clip_by_value", "colocate_with", "compat", "complex", "complex64",
    "complex128", "concat", "cond", "confusion_matrix", "conj", "constant", "constant_initializer",
    "container", "control_dependencies", "control_flow_v2_enabled", "convert_to_tensor",
    "convert_to_tensor_or_indexed_slices", "convert_to_tensor_or_sparse_tensor", "cos", "cosh",
    "count_nonzero", "count_up_to", "cross", "cumprod", "cumsum", "custom_gradient", "custom_ops",
    "debugging", "decode_base64", "decode_csv", "decode_raw", "depth_to_space", "device", "diag",
    "diag_part", "digamma", "dimension_at_index", "dimension_value", "disable_control_flow_v2",
    "disable_eager_execution", "disable_resource_variables", "disable_tensor_equality",
    "disable_v2_behavior", "disable_v2_tensorshape", "div", "div_no_nan", "divide", "double",
    "dtypes", "dynamic_partition", "dynamic_stitch", "edit_distance", "einsum",
    "enable_control_flow_v2", "enable_eager_execution", "enable_resource_variables",
    "enable_tensor_equality", "enable_v2_behavior", "enable_v2_tensorshape", "encode_base64",
    "ensure_shape", "equal", "erf", "erfc", "errors", "executing_eagerly", "exp", "expand_dims",
    "expm1", "extract_image_patches", "extract_volume_patches", "eye",
    "fake_quant_with_min_max_args", "fake_quant_with_min_max_args_gradient",
    "fake_quant_with_min_max_vars", "fake_quant_with_min_max_vars_gradient",
    "fake_quant_with_min_max_vars_per_channel", "fake_quant_with_min_max_vars_per_channel_gradient",
    "feature_column", "fft", "fft2d", "fft3d", "fill", "fixed_size_partitioner", "flags", "float16",
    "float32", "float64", "floor", "floor_div", "floordiv", "floormod", "foldl", "foldr",
    "function", "gather", "gather_nd", "get_all_collection_keys", "get_collection",
    "get_collection_ref", "get_default_graph", "get_default_session", "get_local_variable",
    "get_logger", "get_seed", "get_static_value", "get_variable", "get_variable_scope", "gfile",
    "global_norm", "global_variables", "global_variables_initializer", "glorot_normal_initializer",
    "glorot_uniform_initializer", "gradients", "graph_util", "greater", "greater_equal", "group",
    "guarantee_const", "half", "hessians", "histogram_fixed_width", "histogram_fixed_width_bins",
    "identity", "identity_n", "ifft", "ifft2d", "ifft3d", "igamma", "igammac", "imag", "image",
    "image_gradients", "import_graph_def", "init_scope", "initialize_all_tables",
    "initialize_all_variables", "initialize_local_variables", "initialize_variables",
    "initializers", "int8", "int16", "int32", "int64", "invert_permutation", "io", "is_finite",
    "is_inf", "is_nan", "is_non_decreasing", "is_numeric_tensor", "is_strictly_increasing",
    "is_tensor", "is_variable_initialized", "layers", "lbeta", "less", "less_equal", "lgamma",
    "lin_space", "linalg", "linspace", "load", "load_op_library", "local_variables",
    "local_variables_initializer", "log", "log1p", "log_sigmoid", "logging", "logical_and",
    "logical_not", "logical_or", "logical_xor", "lookup", "losses", "make_ndarray", "make_template",
    "make_tensor_proto", "manip", "map_fn", "matching_files", "math", "matmul", "matrix_band_part",
    "matrix_determinant", "matrix_diag", "matrix_diag_part", "matrix_inverse", "matrix_set_diag",
    "matrix_solve", "matrix_solve_ls", "matrix_square_root", "matrix_transpose",
    "matrix_triangular_solve", "maximum", "meshgrid", "metrics", "min_max_variable_partitioner",
    "minimum", "mod", "model_variables", "moving_average_variables", "multinomial", "multiply",
    "name_scope", "negative", "nest", "newaxis", "nextafter", "nn", "no_gradient", "no_op",
    "no_regularizer", "norm", "not_equal", "numpy_function", "one_hot", "ones", "ones_initializer",
    "ones_like", "op_scope", "orthogonal_initializer", "pad", "parallel_stack", "parse_example",
    "parse_single_example", "parse_single_sequence_example", "parse_tensor", "placeholder",
    "placeholder_with_default", "polygamma", "polyval", "pow", "print", "py_func", "python_io",
    "qint8", "qint16", "qint32", "qr", "queue", "quint8", "quint16", "random", "random_crop",
    "random_gamma", "random_normal", "random_normal_initializer", "random_poisson",
    "random_shuffle", "random_uniform", "random_uniform_initializer", "range", "rank", "read_file",
    "real", "realdiv", "reciprocal", "reduce_all", "reduce_any", "reduce_join", "reduce_logsumexp",
    "reduce_max", "reduce_mean", "reduce_min", "reduce_prod", "reduce_sum", "regex_replace",
    "register_tensor_conversion_function", "repeat", "report_uninitialized_variables",
    "reset_default_graph", "reshape", "resource", "resource_loader", "resource_variables_enabled",
    "reverse", "reverse_sequence", "reverse_v2", "rint", "roll", "round", "rsqrt", "saturate_cast",
    "saved_model", "scalar_mul", "scan", "scatter_add", "scatter_div", "scatter_max", "scatter_min",
    "scatter_mul", "scatter_nd", "scatter_nd_add", "scatter_nd_sub", "scatter_nd_update",
    "scatter_sub", "scatter_update", "searchsorted", "segment_max", "segment_mean", "segment_min",
    "segment_prod", "segment_sum", "self_adjoint_eig", "self_adjoint_eigvals", "sequence_mask",
    "serialize_tensor", "set_random_seed", "setdiff1d", "sets", "shape", "shape_n", "sigmoid",
    "sign", "signal", "sin", "sinh", "size", "slice", "sort", "space_to_batch", "space_to_batch_nd",
    "space_to_depth", "sparse", "sparse_add", "sparse_concat", "sparse_fill_empty_rows",
    "sparse_mask", "sparse_matmul", "sparse_maximum", "sparse_merge", "sparse_minimum",
    "sparse_placeholder", "sparse_reduce_max", "sparse_reduce_max_sparse", "sparse_reduce_sum",
    "sparse_reduce_sum_sparse", "sparse_reorder", "sparse_reset_shape", "sparse_reshape",
    "sparse_retain", "sparse_segment_mean", "sparse_segment_sqrt_n", "sparse_segment_sum",
    "sparse_slice", "sparse_softmax", "sparse_split", "sparse_tensor_dense_matmul",
    "sparse_tensor_to_dense", "sparse_to_dense", "sparse_to_indicator", "sparse_transpose",
    "spectral", "split", "sqrt", "square", "squared_difference", "squeeze", "stack",
    "stop_gradient", "strided_slice", "string", "string_join", "string_split", "string_strip",
    "string_to_hash_bucket", "string_to_hash_bucket_fast", "string_to_hash_bucket_strong",
    "string_to_number", "strings", "substr", "subtract", "summary", "svd", "switch_case",
    "tables_initializer", "tan", "tanh", "tensor_scatter_add", "tensor_scatter_nd_add",
    "tensor_scatter_nd_sub", "tensor_scatter_nd_update", "tensor_scatter_sub",
    "tensor_scatter_update", "tensordot", "test", "tile", "to_bfloat16", "to_complex64",
    "to_complex128", "to_double", "to_float", "to_int32", "to_int64", "trace", "train",
    "trainable_variables", "transpose", "truediv", "truncated_normal",
    "truncated_normal_initializer", "truncatediv", "truncatemod", "tuple", "uint8", "uint16",
    "uint32", "uint64", "uniform_unit_scaling_initializer", "unique", "unique_with_counts",
    "unravel_index", "unsorted_segment_max", "unsorted_segment_mean", "unsorted_segment_min",
    "unsorted_segment_prod", "unsorted_segment_sqrt_n", "unsorted_segment_sum", "unstack",
    "variable_axis_size_partitioner", "variable_op_scope", "variable_scope",
    "variables_initializer", "variance_scaling_initializer", "variant", "vectorized_map",
    "verify_tensor_all_finite", "where", "where_v2", "while_loop", "write_file", "zeros",
    "zeros_initializer", "zeros_like", "zeta",
]

__version__ = "0.1.0"
VERSION = __version__
GIT_VERSION = __version__
newaxis = None


def executing_eagerly() -> builtins.bool:
    """False: flowc builds graphs."""
    return False


def disable_eager_execution() -> None:
    """Nothing to do: flowc builds graphs."""


def disable_v2_behavior() -> None:
    """Nothing to do: flowc behaves as TensorFlow 1."""


def enable_eager_execution(*args: object, **kwargs: object) -> None:
    """Raises NotImplementedError: flowc compiles graphs, and has no eager mode."""
    raise NotImplementedError("flowc compiles graphs and has no eager mode.")


# Namespaces that few programs use are imported when they are first named.
_LATER = {
    "audio": "audio", "bitwise": "bitwise", "contrib": "contrib",
    "distributions": "distributions",
    "feature_column": "feature_column", "lookup": "lookup",
    "quantization": "quantization", "raw_ops": "raw_ops", "saved_model": "saved_model",
    "sets": "sets", "signal": "signal", "spectral": "signal", "test": "test",
}
if TYPE_CHECKING:
    from flowc.frontend.api import contrib, distributions
    from flowc.frontend.api import audio, bitwise, feature_column, lookup, quantization, raw_ops
    from flowc.frontend.api import saved_model, sets, signal, test
    from flowc.frontend.api import signal as spectral
    from flowc.frontend.saved_model.model import load


def __getattr__(name: str) -> Any:
    if name == "load":
        from flowc.frontend.saved_model.model import load

        globals()[name] = load
        return load
    if name not in _LATER:
        raise AttributeError(f"module 'flowc' has no attribute {name!r}")
    module = importlib.import_module(f"flowc.frontend.api.{_LATER[name]}")
    globals()[name] = module
    return module


# `tf.compat.v1` is this module.
compat.v1 = sys.modules[__name__]  # type: ignore[attr-defined]
modules.install()
