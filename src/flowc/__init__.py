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

from __future__ import annotations

import builtins
import sys

from flowc.frontend import (
    compat as compat,
    nest as nest,
)
from flowc.frontend.api import (
    debugging as debugging,
    dtypes as dtypes,
    errors as errors,
    graph_util as graph_util,
    initializers as initializers,
    layers as layers,
    linalg as linalg,
    losses as losses,
    manip as manip,
    math as math,
    metrics as metrics,
    nn as nn,
    random as random,
    train as train,
)
from flowc.frontend.collections import (
    GraphKeys as GraphKeys,
    add_to_collection as add_to_collection,
    add_to_collections as add_to_collections,
    get_all_collection_keys as get_all_collection_keys,
    get_collection as get_collection,
    get_collection_ref as get_collection_ref,
)
from flowc.frontend.composites import (
    IndexedSlices as IndexedSlices,
    IndexedSlicesValue as IndexedSlicesValue,
    SparseTensor as SparseTensor,
    SparseTensorValue as SparseTensorValue,
    convert_to_tensor_or_indexed_slices as convert_to_tensor_or_indexed_slices,
    convert_to_tensor_or_sparse_tensor as convert_to_tensor_or_sparse_tensor,
    sparse_placeholder as sparse_placeholder,
)
from flowc.frontend.conversion import (
    constant as constant,
    convert_to_tensor as convert_to_tensor,
    register_tensor_conversion_function as register_tensor_conversion_function,
)
from flowc.frontend.devices import DeviceSpec as DeviceSpec
from flowc.frontend.elements import Operation as Operation
from flowc.frontend.functions.checks import (
    assert_equal as assert_equal,
    assert_greater as assert_greater,
    assert_greater_equal as assert_greater_equal,
    assert_less as assert_less,
    assert_less_equal as assert_less_equal,
    assert_negative as assert_negative,
    assert_non_negative as assert_non_negative,
    assert_non_positive as assert_non_positive,
    assert_none_equal as assert_none_equal,
    assert_positive as assert_positive,
    assert_rank as assert_rank,
    assert_rank_at_least as assert_rank_at_least,
    assert_type as assert_type,
    is_non_decreasing as is_non_decreasing,
    is_numeric_tensor as is_numeric_tensor,
    is_strictly_increasing as is_strictly_increasing,
    verify_tensor_all_finite as verify_tensor_all_finite,
)
from flowc.frontend.functions.clipping import (
    clip_by_average_norm as clip_by_average_norm,
    clip_by_global_norm as clip_by_global_norm,
    clip_by_norm as clip_by_norm,
    global_norm as global_norm,
)
from flowc.frontend.functions.control import (
    add_check_numerics_ops as add_check_numerics_ops,
    assert_that as Assert,
    check_numerics as check_numerics,
    group as group,
    identity as identity,
    identity_n as identity_n,
    no_op as no_op,
    print_ as Print,
    stop_gradient as stop_gradient,
    tuple_ as tuple,
)
from flowc.frontend.functions.filling import (
    diag as diag,
    diag_part as diag_part,
    eye as eye,
    fill as fill,
    lin_space as lin_space,
    linspace as linspace,
    matrix_band_part as matrix_band_part,
    matrix_diag as matrix_diag,
    matrix_diag_part as matrix_diag_part,
    matrix_set_diag as matrix_set_diag,
    one_hot as one_hot,
    ones as ones,
    ones_like as ones_like,
    placeholder as placeholder,
    placeholder_with_default as placeholder_with_default,
    range_ as range,
    zeros as zeros,
    zeros_like as zeros_like,
)
from flowc.frontend.functions.linear_algebra import (
    cholesky as cholesky,
    cholesky_solve as cholesky_solve,
    fft as fft,
    fft2d as fft2d,
    fft3d as fft3d,
    ifft as ifft,
    ifft2d as ifft2d,
    ifft3d as ifft3d,
    matrix_determinant as matrix_determinant,
    matrix_inverse as matrix_inverse,
    matrix_solve as matrix_solve,
    matrix_square_root as matrix_square_root,
    matrix_triangular_solve as matrix_triangular_solve,
    qr as qr,
    self_adjoint_eig as self_adjoint_eig,
    self_adjoint_eigvals as self_adjoint_eigvals,
    svd as svd,
)
from flowc.frontend.functions.mathematics import (
    abs_ as abs,
    accumulate_n as accumulate_n,
    acos as acos,
    acosh as acosh,
    add as add,
    add_n as add_n,
    angle as angle,
    asin as asin,
    asinh as asinh,
    atan as atan,
    atan2 as atan2,
    atanh as atanh,
    betainc as betainc,
    bincount as bincount,
    cast as cast,
    ceil as ceil,
    complex_ as complex,
    confusion_matrix as confusion_matrix,
    conj as conj,
    cos as cos,
    cosh as cosh,
    cross as cross,
    cumprod as cumprod,
    cumsum as cumsum,
    digamma as digamma,
    div as div,
    div_no_nan as div_no_nan,
    divide as divide,
    einsum as einsum,
    equal as equal,
    erf as erf,
    erfc as erfc,
    exp as exp,
    expm1 as expm1,
    floor as floor,
    floor_div as floor_div,
    floordiv as floordiv,
    floormod as floormod,
    greater as greater,
    greater_equal as greater_equal,
    igamma as igamma,
    igammac as igammac,
    imag as imag,
    is_finite as is_finite,
    is_inf as is_inf,
    is_nan as is_nan,
    lbeta as lbeta,
    less as less,
    less_equal as less_equal,
    lgamma as lgamma,
    log as log,
    log1p as log1p,
    logical_and as logical_and,
    logical_not as logical_not,
    logical_or as logical_or,
    logical_xor as logical_xor,
    matmul as matmul,
    maximum as maximum,
    minimum as minimum,
    mod as mod,
    multiply as multiply,
    negative as negative,
    nextafter as nextafter,
    not_equal as not_equal,
    polygamma as polygamma,
    polyval as polyval,
    pow_ as pow,
    real as real,
    realdiv as realdiv,
    reciprocal as reciprocal,
    rint as rint,
    round_ as round,
    rsqrt as rsqrt,
    saturate_cast as saturate_cast,
    scalar_mul as scalar_mul,
    segment_max as segment_max,
    segment_mean as segment_mean,
    segment_min as segment_min,
    segment_prod as segment_prod,
    segment_sum as segment_sum,
    sigmoid as sigmoid,
    sign as sign,
    sin as sin,
    sinh as sinh,
    sparse_segment_mean as sparse_segment_mean,
    sparse_segment_sqrt_n as sparse_segment_sqrt_n,
    sparse_segment_sum as sparse_segment_sum,
    sqrt as sqrt,
    square as square,
    squared_difference as squared_difference,
    subtract as subtract,
    tan as tan,
    tanh as tanh,
    tensordot as tensordot,
    to_bfloat16 as to_bfloat16,
    to_complex128 as to_complex128,
    to_complex64 as to_complex64,
    to_double as to_double,
    to_float as to_float,
    to_int32 as to_int32,
    to_int64 as to_int64,
    trace as trace,
    truediv as truediv,
    truncatediv as truncatediv,
    truncatemod as truncatemod,
    unsorted_segment_max as unsorted_segment_max,
    unsorted_segment_mean as unsorted_segment_mean,
    unsorted_segment_min as unsorted_segment_min,
    unsorted_segment_prod as unsorted_segment_prod,
    unsorted_segment_sum as unsorted_segment_sum,
    zeta as zeta,
)
from flowc.frontend.functions.pending import (
    TensorArray as TensorArray,
    case as case,
    cond as cond,
    foldl as foldl,
    foldr as foldr,
    map_fn as map_fn,
    py_func as py_func,
    scan as scan,
    while_loop as while_loop,
)
from flowc.frontend.functions.random import (
    multinomial as multinomial,
    random_crop as random_crop,
    random_gamma as random_gamma,
    random_normal as random_normal,
    random_poisson as random_poisson,
    random_shuffle as random_shuffle,
    random_uniform as random_uniform,
    truncated_normal as truncated_normal,
)
from flowc.frontend.functions.reductions import (
    argmax as argmax,
    argmin as argmin,
    count_nonzero as count_nonzero,
    norm as norm,
    reduce_all as reduce_all,
    reduce_any as reduce_any,
    reduce_join as reduce_join,
    reduce_logsumexp as reduce_logsumexp,
    reduce_max as reduce_max,
    reduce_mean as reduce_mean,
    reduce_min as reduce_min,
    reduce_prod as reduce_prod,
    reduce_sum as reduce_sum,
)
from flowc.frontend.functions.selection import (
    argsort as argsort,
    batch_gather as batch_gather,
    boolean_mask as boolean_mask,
    clip_by_value as clip_by_value,
    dynamic_partition as dynamic_partition,
    dynamic_stitch as dynamic_stitch,
    gather as gather,
    gather_nd as gather_nd,
    scatter_nd as scatter_nd,
    searchsorted as searchsorted,
    setdiff1d as setdiff1d,
    sort as sort,
    tensor_scatter_add as tensor_scatter_add,
    tensor_scatter_sub as tensor_scatter_sub,
    tensor_scatter_update as tensor_scatter_update,
    unique as unique,
    unique_with_counts as unique_with_counts,
    where as where,
    where_v2 as where_v2,
)
from flowc.frontend.functions.shaping import (
    batch_to_space_nd as batch_to_space_nd,
    bitcast as bitcast,
    broadcast_dynamic_shape as broadcast_dynamic_shape,
    broadcast_static_shape as broadcast_static_shape,
    broadcast_to as broadcast_to,
    concat as concat,
    depth_to_space as depth_to_space,
    expand_dims as expand_dims,
    invert_permutation as invert_permutation,
    matrix_transpose as matrix_transpose,
    meshgrid as meshgrid,
    pad as pad,
    parallel_stack as parallel_stack,
    rank as rank,
    repeat as repeat,
    reshape as reshape,
    reverse as reverse,
    reverse_sequence as reverse_sequence,
    roll as roll,
    sequence_mask as sequence_mask,
    shape as shape,
    shape_n as shape_n,
    size as size,
    slice as slice,
    space_to_batch_nd as space_to_batch_nd,
    space_to_depth as space_to_depth,
    split as split,
    squeeze as squeeze,
    stack as stack,
    strided_slice as strided_slice,
    tile as tile,
    transpose as transpose,
    unstack as unstack,
)
from flowc.frontend.gradients.backward import (
    AggregationMethod as AggregationMethod,
    UnconnectedGradients as UnconnectedGradients,
    gradients as gradients,
    hessians as hessians,
)
from flowc.frontend.gradients.custom import custom_gradient as custom_gradient
from flowc.frontend.gradients.registry import (
    NoGradient as NoGradient,
    NotDifferentiable as NotDifferentiable,
    RegisterGradient as RegisterGradient,
)
from flowc.frontend.graph import Graph as Graph
from flowc.frontend.importer import import_graph_def as import_graph_def
from flowc.frontend.initializers import (
    Constant as constant_initializer,
    GlorotNormal as glorot_normal_initializer,
    GlorotUniform as glorot_uniform_initializer,
    Ones as ones_initializer,
    Orthogonal as orthogonal_initializer,
    RandomNormal as random_normal_initializer,
    RandomUniform as random_uniform_initializer,
    TruncatedNormal as truncated_normal_initializer,
    UniformUnitScaling as uniform_unit_scaling_initializer,
    VarianceScaling as variance_scaling_initializer,
    Zeros as zeros_initializer,
)
from flowc.frontend.platform import (
    app as app,
    flags as flags,
    gfile as gfile,
    logging as logging,
)
from flowc.frontend.scopes import (
    colocate_with as colocate_with,
    container as container,
    control_dependencies as control_dependencies,
    device as device,
    name_scope as name_scope,
    op_scope as op_scope,
)
from flowc.frontend.seeds import (
    get_seed as get_seed,
    set_random_seed as set_random_seed,
)
from flowc.frontend.session import (
    InteractiveSession as InteractiveSession,
    Session as Session,
)
from flowc.frontend.shapes import (
    Dimension as Dimension,
    TensorShape as TensorShape,
    dimension_value as dimension_value,
)
from flowc.frontend.stacks import (
    get_default_graph as get_default_graph,
    get_default_session as get_default_session,
    reset_default_graph as reset_default_graph,
)
from flowc.frontend.tensor import Tensor as Tensor
from flowc.frontend.variables.scope import (
    VariableScope as VariableScope,
    get_local_variable as get_local_variable,
    get_variable as get_variable,
    get_variable_scope as get_variable_scope,
    no_regularizer as no_regularizer,
    variable_op_scope as variable_op_scope,
    variable_scope as variable_scope,
    AUTO_REUSE as AUTO_REUSE,
)
from flowc.frontend.variables.sets import (
    all_variables as all_variables,
    assert_variables_initialized as assert_variables_initialized,
    assign as assign,
    assign_add as assign_add,
    assign_sub as assign_sub,
    count_up_to as count_up_to,
    global_variables as global_variables,
    global_variables_initializer as global_variables_initializer,
    initialize_all_variables as initialize_all_variables,
    initialize_local_variables as initialize_local_variables,
    initialize_variables as initialize_variables,
    is_variable_initialized as is_variable_initialized,
    local_variables as local_variables,
    local_variables_initializer as local_variables_initializer,
    model_variables as model_variables,
    moving_average_variables as moving_average_variables,
    report_uninitialized_variables as report_uninitialized_variables,
    scatter_add as scatter_add,
    scatter_div as scatter_div,
    scatter_max as scatter_max,
    scatter_min as scatter_min,
    scatter_mul as scatter_mul,
    scatter_nd_add as scatter_nd_add,
    scatter_nd_sub as scatter_nd_sub,
    scatter_nd_update as scatter_nd_update,
    scatter_sub as scatter_sub,
    scatter_update as scatter_update,
    tables_initializer as tables_initializer,
    trainable_variables as trainable_variables,
    variables_initializer as variables_initializer,
)
from flowc.frontend.variables.variable import (
    Variable as Variable,
    VariableAggregation as VariableAggregation,
    VariableSynchronization as VariableSynchronization,
    disable_resource_variables as disable_resource_variables,
    enable_resource_variables as enable_resource_variables,
    resource_variables_enabled as resource_variables_enabled,
)
from flowc.ir.dtypes import (
    DType as DType,
    as_dtype as as_dtype,
    bfloat16 as bfloat16,
    bool_ as bool,
    complex128 as complex128,
    complex64 as complex64,
    float16 as float16,
    float16 as half,
    float32 as float32,
    float64 as double,
    float64 as float64,
    int16 as int16,
    int32 as int32,
    int64 as int64,
    int8 as int8,
    qint16 as qint16,
    qint32 as qint32,
    qint8 as qint8,
    quint16 as quint16,
    quint8 as quint8,
    resource as resource,
    string as string,
    uint16 as uint16,
    uint32 as uint32,
    uint64 as uint64,
    uint8 as uint8,
    variant as variant,
)
from flowc.ir.proto import (
    AttrValue as AttrValue,
    ConfigProto as ConfigProto,
    Event as Event,
    GPUOptions as GPUOptions,
    GraphDef as GraphDef,
    GraphOptions as GraphOptions,
    HistogramProto as HistogramProto,
    MetaGraphDef as MetaGraphDef,
    NameAttrList as NameAttrList,
    NodeDef as NodeDef,
    OptimizerOptions as OptimizerOptions,
    RunMetadata as RunMetadata,
    RunOptions as RunOptions,
    SessionLog as SessionLog,
    Summary as Summary,
    SummaryMetadata as SummaryMetadata,
)
from flowc.ir.tensor_values import (
    make_ndarray as make_ndarray,
    make_tensor_proto as make_tensor_proto,
)

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


# `tf.compat.v1` is this module.
compat.v1 = sys.modules[__name__]  # type: ignore[attr-defined]
