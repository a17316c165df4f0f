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
)
from flowc.frontend import (
    nest as nest,
)
from flowc.frontend.api import (
    debugging as debugging,
)
from flowc.frontend.api import (
    dtypes as dtypes,
)
from flowc.frontend.api import (
    errors as errors,
)
from flowc.frontend.api import (
    graph_util as graph_util,
)
from flowc.frontend.api import (
    initializers as initializers,
)
from flowc.frontend.api import (
    layers as layers,
)
from flowc.frontend.api import (
    linalg as linalg,
)
from flowc.frontend.api import (
    losses as losses,
)
from flowc.frontend.api import (
    manip as manip,
)
from flowc.frontend.api import (
    math as math,
)
from flowc.frontend.api import (
    metrics as metrics,
)
from flowc.frontend.api import (
    nn as nn,
)
from flowc.frontend.api import (
    random as random,
)
from flowc.frontend.api import (
    train as train,
)
from flowc.frontend.collections import (
    GraphKeys as GraphKeys,
)
from flowc.frontend.collections import (
    add_to_collection as add_to_collection,
)
from flowc.frontend.collections import (
    add_to_collections as add_to_collections,
)
from flowc.frontend.collections import (
    get_all_collection_keys as get_all_collection_keys,
)
from flowc.frontend.collections import (
    get_collection as get_collection,
)
from flowc.frontend.collections import (
    get_collection_ref as get_collection_ref,
)
from flowc.frontend.composites import (
    IndexedSlices as IndexedSlices,
)
from flowc.frontend.composites import (
    IndexedSlicesValue as IndexedSlicesValue,
)
from flowc.frontend.composites import (
    SparseTensor as SparseTensor,
)
from flowc.frontend.composites import (
    SparseTensorValue as SparseTensorValue,
)
from flowc.frontend.composites import (
    convert_to_tensor_or_indexed_slices as convert_to_tensor_or_indexed_slices,
)
from flowc.frontend.composites import (
    convert_to_tensor_or_sparse_tensor as convert_to_tensor_or_sparse_tensor,
)
from flowc.frontend.composites import (
    sparse_placeholder as sparse_placeholder,
)
from flowc.frontend.conversion import (
    constant as constant,
)
from flowc.frontend.conversion import (
    convert_to_tensor as convert_to_tensor,
)
from flowc.frontend.conversion import (
    register_tensor_conversion_function as register_tensor_conversion_function,
)
from flowc.frontend.devices import DeviceSpec as DeviceSpec
from flowc.frontend.elements import Operation as Operation
from flowc.frontend.functions.checks import (
    assert_equal as assert_equal,
)
from flowc.frontend.functions.checks import (
    assert_greater as assert_greater,
)
from flowc.frontend.functions.checks import (
    assert_greater_equal as assert_greater_equal,
)
from flowc.frontend.functions.checks import (
    assert_less as assert_less,
)
from flowc.frontend.functions.checks import (
    assert_less_equal as assert_less_equal,
)
from flowc.frontend.functions.checks import (
    assert_negative as assert_negative,
)
from flowc.frontend.functions.checks import (
    assert_non_negative as assert_non_negative,
)
from flowc.frontend.functions.checks import (
    assert_non_positive as assert_non_positive,
)
from flowc.frontend.functions.checks import (
    assert_none_equal as assert_none_equal,
)
from flowc.frontend.functions.checks import (
    assert_positive as assert_positive,
)
from flowc.frontend.functions.checks import (
    assert_rank as assert_rank,
)
from flowc.frontend.functions.checks import (
    assert_rank_at_least as assert_rank_at_least,
)
from flowc.frontend.functions.checks import (
    assert_type as assert_type,
)
from flowc.frontend.functions.checks import (
    is_non_decreasing as is_non_decreasing,
)
from flowc.frontend.functions.checks import (
    is_numeric_tensor as is_numeric_tensor,
)
from flowc.frontend.functions.checks import (
    is_strictly_increasing as is_strictly_increasing,
)
from flowc.frontend.functions.checks import (
    verify_tensor_all_finite as verify_tensor_all_finite,
)
from flowc.frontend.functions.clipping import (
    clip_by_average_norm as clip_by_average_norm,
)
from flowc.frontend.functions.clipping import (
    clip_by_global_norm as clip_by_global_norm,
)
from flowc.frontend.functions.clipping import (
    clip_by_norm as clip_by_norm,
)
from flowc.frontend.functions.clipping import (
    global_norm as global_norm,
)
from flowc.frontend.functions.control import (
    add_check_numerics_ops as add_check_numerics_ops,
)
from flowc.frontend.functions.control import (
    assert_that as Assert,
)
from flowc.frontend.functions.control import (
    check_numerics as check_numerics,
)
from flowc.frontend.functions.control import (
    group as group,
)
from flowc.frontend.functions.control import (
    identity as identity,
)
from flowc.frontend.functions.control import (
    identity_n as identity_n,
)
from flowc.frontend.functions.control import (
    no_op as no_op,
)
from flowc.frontend.functions.control import (
    print_ as Print,
)
from flowc.frontend.functions.control import (
    stop_gradient as stop_gradient,
)
from flowc.frontend.functions.control import (
    tuple_ as tuple,
)
from flowc.frontend.functions.filling import (
    diag as diag,
)
from flowc.frontend.functions.filling import (
    diag_part as diag_part,
)
from flowc.frontend.functions.filling import (
    eye as eye,
)
from flowc.frontend.functions.filling import (
    fill as fill,
)
from flowc.frontend.functions.filling import (
    lin_space as lin_space,
)
from flowc.frontend.functions.filling import (
    linspace as linspace,
)
from flowc.frontend.functions.filling import (
    matrix_band_part as matrix_band_part,
)
from flowc.frontend.functions.filling import (
    matrix_diag as matrix_diag,
)
from flowc.frontend.functions.filling import (
    matrix_diag_part as matrix_diag_part,
)
from flowc.frontend.functions.filling import (
    matrix_set_diag as matrix_set_diag,
)
from flowc.frontend.functions.filling import (
    one_hot as one_hot,
)
from flowc.frontend.functions.filling import (
    ones as ones,
)
from flowc.frontend.functions.filling import (
    ones_like as ones_like,
)
from flowc.frontend.functions.filling import (
    placeholder as placeholder,
)
from flowc.frontend.functions.filling import (
    placeholder_with_default as placeholder_with_default,
)
from flowc.frontend.functions.filling import (
    range_ as range,
)
from flowc.frontend.functions.filling import (
    zeros as zeros,
)
from flowc.frontend.functions.filling import (
    zeros_like as zeros_like,
)
from flowc.frontend.functions.linear_algebra import (
    cholesky as cholesky,
)
from flowc.frontend.functions.linear_algebra import (
    cholesky_solve as cholesky_solve,
)
from flowc.frontend.functions.linear_algebra import (
    fft as fft,
)
from flowc.frontend.functions.linear_algebra import (
    fft2d as fft2d,
)
from flowc.frontend.functions.linear_algebra import (
    fft3d as fft3d,
)
from flowc.frontend.functions.linear_algebra import (
    ifft as ifft,
)
from flowc.frontend.functions.linear_algebra import (
    ifft2d as ifft2d,
)
from flowc.frontend.functions.linear_algebra import (
    ifft3d as ifft3d,
)
from flowc.frontend.functions.linear_algebra import (
    matrix_determinant as matrix_determinant,
)
from flowc.frontend.functions.linear_algebra import (
    matrix_inverse as matrix_inverse,
)
from flowc.frontend.functions.linear_algebra import (
    matrix_solve as matrix_solve,
)
from flowc.frontend.functions.linear_algebra import (
    matrix_square_root as matrix_square_root,
)
from flowc.frontend.functions.linear_algebra import (
    matrix_triangular_solve as matrix_triangular_solve,
)
from flowc.frontend.functions.linear_algebra import (
    qr as qr,
)
from flowc.frontend.functions.linear_algebra import (
    self_adjoint_eig as self_adjoint_eig,
)
from flowc.frontend.functions.linear_algebra import (
    self_adjoint_eigvals as self_adjoint_eigvals,
)
from flowc.frontend.functions.linear_algebra import (
    svd as svd,
)
from flowc.frontend.functions.mathematics import (
    abs_ as abs,
)
from flowc.frontend.functions.mathematics import (
    accumulate_n as accumulate_n,
)
from flowc.frontend.functions.mathematics import (
    acos as acos,
)
from flowc.frontend.functions.mathematics import (
    acosh as acosh,
)
from flowc.frontend.functions.mathematics import (
    add as add,
)
from flowc.frontend.functions.mathematics import (
    add_n as add_n,
)
from flowc.frontend.functions.mathematics import (
    angle as angle,
)
from flowc.frontend.functions.mathematics import (
    asin as asin,
)
from flowc.frontend.functions.mathematics import (
    asinh as asinh,
)
from flowc.frontend.functions.mathematics import (
    atan as atan,
)
from flowc.frontend.functions.mathematics import (
    atan2 as atan2,
)
from flowc.frontend.functions.mathematics import (
    atanh as atanh,
)
from flowc.frontend.functions.mathematics import (
    betainc as betainc,
)
from flowc.frontend.functions.mathematics import (
    bincount as bincount,
)
from flowc.frontend.functions.mathematics import (
    cast as cast,
)
from flowc.frontend.functions.mathematics import (
    ceil as ceil,
)
from flowc.frontend.functions.mathematics import (
    complex_ as complex,
)
from flowc.frontend.functions.mathematics import (
    confusion_matrix as confusion_matrix,
)
from flowc.frontend.functions.mathematics import (
    conj as conj,
)
from flowc.frontend.functions.mathematics import (
    cos as cos,
)
from flowc.frontend.functions.mathematics import (
    cosh as cosh,
)
from flowc.frontend.functions.mathematics import (
    cross as cross,
)
from flowc.frontend.functions.mathematics import (
    cumprod as cumprod,
)
from flowc.frontend.functions.mathematics import (
    cumsum as cumsum,
)
from flowc.frontend.functions.mathematics import (
    digamma as digamma,
)
from flowc.frontend.functions.mathematics import (
    div as div,
)
from flowc.frontend.functions.mathematics import (
    div_no_nan as div_no_nan,
)
from flowc.frontend.functions.mathematics import (
    divide as divide,
)
from flowc.frontend.functions.mathematics import (
    einsum as einsum,
)
from flowc.frontend.functions.mathematics import (
    equal as equal,
)
from flowc.frontend.functions.mathematics import (
    erf as erf,
)
from flowc.frontend.functions.mathematics import (
    erfc as erfc,
)
from flowc.frontend.functions.mathematics import (
    exp as exp,
)
from flowc.frontend.functions.mathematics import (
    expm1 as expm1,
)
from flowc.frontend.functions.mathematics import (
    floor as floor,
)
from flowc.frontend.functions.mathematics import (
    floor_div as floor_div,
)
from flowc.frontend.functions.mathematics import (
    floordiv as floordiv,
)
from flowc.frontend.functions.mathematics import (
    floormod as floormod,
)
from flowc.frontend.functions.mathematics import (
    greater as greater,
)
from flowc.frontend.functions.mathematics import (
    greater_equal as greater_equal,
)
from flowc.frontend.functions.mathematics import (
    igamma as igamma,
)
from flowc.frontend.functions.mathematics import (
    igammac as igammac,
)
from flowc.frontend.functions.mathematics import (
    imag as imag,
)
from flowc.frontend.functions.mathematics import (
    is_finite as is_finite,
)
from flowc.frontend.functions.mathematics import (
    is_inf as is_inf,
)
from flowc.frontend.functions.mathematics import (
    is_nan as is_nan,
)
from flowc.frontend.functions.mathematics import (
    lbeta as lbeta,
)
from flowc.frontend.functions.mathematics import (
    less as less,
)
from flowc.frontend.functions.mathematics import (
    less_equal as less_equal,
)
from flowc.frontend.functions.mathematics import (
    lgamma as lgamma,
)
from flowc.frontend.functions.mathematics import (
    log as log,
)
from flowc.frontend.functions.mathematics import (
    log1p as log1p,
)
from flowc.frontend.functions.mathematics import (
    logical_and as logical_and,
)
from flowc.frontend.functions.mathematics import (
    logical_not as logical_not,
)
from flowc.frontend.functions.mathematics import (
    logical_or as logical_or,
)
from flowc.frontend.functions.mathematics import (
    logical_xor as logical_xor,
)
from flowc.frontend.functions.mathematics import (
    matmul as matmul,
)
from flowc.frontend.functions.mathematics import (
    maximum as maximum,
)
from flowc.frontend.functions.mathematics import (
    minimum as minimum,
)
from flowc.frontend.functions.mathematics import (
    mod as mod,
)
from flowc.frontend.functions.mathematics import (
    multiply as multiply,
)
from flowc.frontend.functions.mathematics import (
    negative as negative,
)
from flowc.frontend.functions.mathematics import (
    nextafter as nextafter,
)
from flowc.frontend.functions.mathematics import (
    not_equal as not_equal,
)
from flowc.frontend.functions.mathematics import (
    polygamma as polygamma,
)
from flowc.frontend.functions.mathematics import (
    polyval as polyval,
)
from flowc.frontend.functions.mathematics import (
    pow_ as pow,
)
from flowc.frontend.functions.mathematics import (
    real as real,
)
from flowc.frontend.functions.mathematics import (
    realdiv as realdiv,
)
from flowc.frontend.functions.mathematics import (
    reciprocal as reciprocal,
)
from flowc.frontend.functions.mathematics import (
    rint as rint,
)
from flowc.frontend.functions.mathematics import (
    round_ as round,
)
from flowc.frontend.functions.mathematics import (
    rsqrt as rsqrt,
)
from flowc.frontend.functions.mathematics import (
    saturate_cast as saturate_cast,
)
from flowc.frontend.functions.mathematics import (
    scalar_mul as scalar_mul,
)
from flowc.frontend.functions.mathematics import (
    segment_max as segment_max,
)
from flowc.frontend.functions.mathematics import (
    segment_mean as segment_mean,
)
from flowc.frontend.functions.mathematics import (
    segment_min as segment_min,
)
from flowc.frontend.functions.mathematics import (
    segment_prod as segment_prod,
)
from flowc.frontend.functions.mathematics import (
    segment_sum as segment_sum,
)
from flowc.frontend.functions.mathematics import (
    sigmoid as sigmoid,
)
from flowc.frontend.functions.mathematics import (
    sign as sign,
)
from flowc.frontend.functions.mathematics import (
    sin as sin,
)
from flowc.frontend.functions.mathematics import (
    sinh as sinh,
)
from flowc.frontend.functions.mathematics import (
    sparse_segment_mean as sparse_segment_mean,
)
from flowc.frontend.functions.mathematics import (
    sparse_segment_sqrt_n as sparse_segment_sqrt_n,
)
from flowc.frontend.functions.mathematics import (
    sparse_segment_sum as sparse_segment_sum,
)
from flowc.frontend.functions.mathematics import (
    sqrt as sqrt,
)
from flowc.frontend.functions.mathematics import (
    square as square,
)
from flowc.frontend.functions.mathematics import (
    squared_difference as squared_difference,
)
from flowc.frontend.functions.mathematics import (
    subtract as subtract,
)
from flowc.frontend.functions.mathematics import (
    tan as tan,
)
from flowc.frontend.functions.mathematics import (
    tanh as tanh,
)
from flowc.frontend.functions.mathematics import (
    tensordot as tensordot,
)
from flowc.frontend.functions.mathematics import (
    to_bfloat16 as to_bfloat16,
)
from flowc.frontend.functions.mathematics import (
    to_complex64 as to_complex64,
)
from flowc.frontend.functions.mathematics import (
    to_complex128 as to_complex128,
)
from flowc.frontend.functions.mathematics import (
    to_double as to_double,
)
from flowc.frontend.functions.mathematics import (
    to_float as to_float,
)
from flowc.frontend.functions.mathematics import (
    to_int32 as to_int32,
)
from flowc.frontend.functions.mathematics import (
    to_int64 as to_int64,
)
from flowc.frontend.functions.mathematics import (
    trace as trace,
)
from flowc.frontend.functions.mathematics import (
    truediv as truediv,
)
from flowc.frontend.functions.mathematics import (
    truncatediv as truncatediv,
)
from flowc.frontend.functions.mathematics import (
    truncatemod as truncatemod,
)
from flowc.frontend.functions.mathematics import (
    unsorted_segment_max as unsorted_segment_max,
)
from flowc.frontend.functions.mathematics import (
    unsorted_segment_mean as unsorted_segment_mean,
)
from flowc.frontend.functions.mathematics import (
    unsorted_segment_min as unsorted_segment_min,
)
from flowc.frontend.functions.mathematics import (
    unsorted_segment_prod as unsorted_segment_prod,
)
from flowc.frontend.functions.mathematics import (
    unsorted_segment_sum as unsorted_segment_sum,
)
from flowc.frontend.functions.mathematics import (
    zeta as zeta,
)
from flowc.frontend.functions.pending import (
    TensorArray as TensorArray,
)
from flowc.frontend.functions.pending import (
    case as case,
)
from flowc.frontend.functions.pending import (
    cond as cond,
)
from flowc.frontend.functions.pending import (
    foldl as foldl,
)
from flowc.frontend.functions.pending import (
    foldr as foldr,
)
from flowc.frontend.functions.pending import (
    map_fn as map_fn,
)
from flowc.frontend.functions.pending import (
    py_func as py_func,
)
from flowc.frontend.functions.pending import (
    scan as scan,
)
from flowc.frontend.functions.pending import (
    while_loop as while_loop,
)
from flowc.frontend.functions.random import (
    multinomial as multinomial,
)
from flowc.frontend.functions.random import (
    random_crop as random_crop,
)
from flowc.frontend.functions.random import (
    random_gamma as random_gamma,
)
from flowc.frontend.functions.random import (
    random_normal as random_normal,
)
from flowc.frontend.functions.random import (
    random_poisson as random_poisson,
)
from flowc.frontend.functions.random import (
    random_shuffle as random_shuffle,
)
from flowc.frontend.functions.random import (
    random_uniform as random_uniform,
)
from flowc.frontend.functions.random import (
    truncated_normal as truncated_normal,
)
from flowc.frontend.functions.reductions import (
    argmax as argmax,
)
from flowc.frontend.functions.reductions import (
    argmin as argmin,
)
from flowc.frontend.functions.reductions import (
    count_nonzero as count_nonzero,
)
from flowc.frontend.functions.reductions import (
    norm as norm,
)
from flowc.frontend.functions.reductions import (
    reduce_all as reduce_all,
)
from flowc.frontend.functions.reductions import (
    reduce_any as reduce_any,
)
from flowc.frontend.functions.reductions import (
    reduce_join as reduce_join,
)
from flowc.frontend.functions.reductions import (
    reduce_logsumexp as reduce_logsumexp,
)
from flowc.frontend.functions.reductions import (
    reduce_max as reduce_max,
)
from flowc.frontend.functions.reductions import (
    reduce_mean as reduce_mean,
)
from flowc.frontend.functions.reductions import (
    reduce_min as reduce_min,
)
from flowc.frontend.functions.reductions import (
    reduce_prod as reduce_prod,
)
from flowc.frontend.functions.reductions import (
    reduce_sum as reduce_sum,
)
from flowc.frontend.functions.selection import (
    argsort as argsort,
)
from flowc.frontend.functions.selection import (
    batch_gather as batch_gather,
)
from flowc.frontend.functions.selection import (
    boolean_mask as boolean_mask,
)
from flowc.frontend.functions.selection import (
    clip_by_value as clip_by_value,
)
from flowc.frontend.functions.selection import (
    dynamic_partition as dynamic_partition,
)
from flowc.frontend.functions.selection import (
    dynamic_stitch as dynamic_stitch,
)
from flowc.frontend.functions.selection import (
    gather as gather,
)
from flowc.frontend.functions.selection import (
    gather_nd as gather_nd,
)
from flowc.frontend.functions.selection import (
    scatter_nd as scatter_nd,
)
from flowc.frontend.functions.selection import (
    searchsorted as searchsorted,
)
from flowc.frontend.functions.selection import (
    setdiff1d as setdiff1d,
)
from flowc.frontend.functions.selection import (
    sort as sort,
)
from flowc.frontend.functions.selection import (
    tensor_scatter_add as tensor_scatter_add,
)
from flowc.frontend.functions.selection import (
    tensor_scatter_sub as tensor_scatter_sub,
)
from flowc.frontend.functions.selection import (
    tensor_scatter_update as tensor_scatter_update,
)
from flowc.frontend.functions.selection import (
    unique as unique,
)
from flowc.frontend.functions.selection import (
    unique_with_counts as unique_with_counts,
)
from flowc.frontend.functions.selection import (
    where as where,
)
from flowc.frontend.functions.selection import (
    where_v2 as where_v2,
)
from flowc.frontend.functions.shaping import (
    batch_to_space_nd as batch_to_space_nd,
)
from flowc.frontend.functions.shaping import (
    bitcast as bitcast,
)
from flowc.frontend.functions.shaping import (
    broadcast_dynamic_shape as broadcast_dynamic_shape,
)
from flowc.frontend.functions.shaping import (
    broadcast_static_shape as broadcast_static_shape,
)
from flowc.frontend.functions.shaping import (
    broadcast_to as broadcast_to,
)
from flowc.frontend.functions.shaping import (
    concat as concat,
)
from flowc.frontend.functions.shaping import (
    depth_to_space as depth_to_space,
)
from flowc.frontend.functions.shaping import (
    expand_dims as expand_dims,
)
from flowc.frontend.functions.shaping import (
    invert_permutation as invert_permutation,
)
from flowc.frontend.functions.shaping import (
    matrix_transpose as matrix_transpose,
)
from flowc.frontend.functions.shaping import (
    meshgrid as meshgrid,
)
from flowc.frontend.functions.shaping import (
    pad as pad,
)
from flowc.frontend.functions.shaping import (
    parallel_stack as parallel_stack,
)
from flowc.frontend.functions.shaping import (
    rank as rank,
)
from flowc.frontend.functions.shaping import (
    repeat as repeat,
)
from flowc.frontend.functions.shaping import (
    reshape as reshape,
)
from flowc.frontend.functions.shaping import (
    reverse as reverse,
)
from flowc.frontend.functions.shaping import (
    reverse_sequence as reverse_sequence,
)
from flowc.frontend.functions.shaping import (
    roll as roll,
)
from flowc.frontend.functions.shaping import (
    sequence_mask as sequence_mask,
)
from flowc.frontend.functions.shaping import (
    shape as shape,
)
from flowc.frontend.functions.shaping import (
    shape_n as shape_n,
)
from flowc.frontend.functions.shaping import (
    size as size,
)
from flowc.frontend.functions.shaping import (
    slice as slice,
)
from flowc.frontend.functions.shaping import (
    space_to_batch_nd as space_to_batch_nd,
)
from flowc.frontend.functions.shaping import (
    space_to_depth as space_to_depth,
)
from flowc.frontend.functions.shaping import (
    split as split,
)
from flowc.frontend.functions.shaping import (
    squeeze as squeeze,
)
from flowc.frontend.functions.shaping import (
    stack as stack,
)
from flowc.frontend.functions.shaping import (
    strided_slice as strided_slice,
)
from flowc.frontend.functions.shaping import (
    tile as tile,
)
from flowc.frontend.functions.shaping import (
    transpose as transpose,
)
from flowc.frontend.functions.shaping import (
    unstack as unstack,
)
from flowc.frontend.gradients.backward import (
    AggregationMethod as AggregationMethod,
)
from flowc.frontend.gradients.backward import (
    UnconnectedGradients as UnconnectedGradients,
)
from flowc.frontend.gradients.backward import (
    gradients as gradients,
)
from flowc.frontend.gradients.backward import (
    hessians as hessians,
)
from flowc.frontend.gradients.custom import custom_gradient as custom_gradient
from flowc.frontend.gradients.registry import (
    NoGradient as NoGradient,
)
from flowc.frontend.gradients.registry import (
    NotDifferentiable as NotDifferentiable,
)
from flowc.frontend.gradients.registry import (
    RegisterGradient as RegisterGradient,
)
from flowc.frontend.graph import Graph as Graph
from flowc.frontend.importer import import_graph_def as import_graph_def
from flowc.frontend.initializers import (
    Constant as constant_initializer,
)
from flowc.frontend.initializers import (
    GlorotNormal as glorot_normal_initializer,
)
from flowc.frontend.initializers import (
    GlorotUniform as glorot_uniform_initializer,
)
from flowc.frontend.initializers import (
    Ones as ones_initializer,
)
from flowc.frontend.initializers import (
    Orthogonal as orthogonal_initializer,
)
from flowc.frontend.initializers import (
    RandomNormal as random_normal_initializer,
)
from flowc.frontend.initializers import (
    RandomUniform as random_uniform_initializer,
)
from flowc.frontend.initializers import (
    TruncatedNormal as truncated_normal_initializer,
)
from flowc.frontend.initializers import (
    UniformUnitScaling as uniform_unit_scaling_initializer,
)
from flowc.frontend.initializers import (
    VarianceScaling as variance_scaling_initializer,
)
from flowc.frontend.initializers import (
    Zeros as zeros_initializer,
)
from flowc.frontend.platform import (
    app as app,
)
from flowc.frontend.platform import (
    flags as flags,
)
from flowc.frontend.platform import (
    gfile as gfile,
)
from flowc.frontend.platform import (
    logging as logging,
)
from flowc.frontend.scopes import (
    colocate_with as colocate_with,
)
from flowc.frontend.scopes import (
    container as container,
)
from flowc.frontend.scopes import (
    control_dependencies as control_dependencies,
)
from flowc.frontend.scopes import (
    device as device,
)
from flowc.frontend.scopes import (
    name_scope as name_scope,
)
from flowc.frontend.scopes import (
    op_scope as op_scope,
)
from flowc.frontend.seeds import (
    get_seed as get_seed,
)
from flowc.frontend.seeds import (
    set_random_seed as set_random_seed,
)
from flowc.frontend.session import (
    InteractiveSession as InteractiveSession,
)
from flowc.frontend.session import (
    Session as Session,
)
from flowc.frontend.shapes import (
    Dimension as Dimension,
)
from flowc.frontend.shapes import (
    TensorShape as TensorShape,
)
from flowc.frontend.shapes import (
    dimension_value as dimension_value,
)
from flowc.frontend.stacks import (
    get_default_graph as get_default_graph,
)
from flowc.frontend.stacks import (
    get_default_session as get_default_session,
)
from flowc.frontend.stacks import (
    reset_default_graph as reset_default_graph,
)
from flowc.frontend.tensor import Tensor as Tensor
from flowc.frontend.variables.scope import (
    AUTO_REUSE as AUTO_REUSE,
)
from flowc.frontend.variables.scope import (
    VariableScope as VariableScope,
)
from flowc.frontend.variables.scope import (
    get_local_variable as get_local_variable,
)
from flowc.frontend.variables.scope import (
    get_variable as get_variable,
)
from flowc.frontend.variables.scope import (
    get_variable_scope as get_variable_scope,
)
from flowc.frontend.variables.scope import (
    no_regularizer as no_regularizer,
)
from flowc.frontend.variables.scope import (
    variable_op_scope as variable_op_scope,
)
from flowc.frontend.variables.scope import (
    variable_scope as variable_scope,
)
from flowc.frontend.variables.sets import (
    all_variables as all_variables,
)
from flowc.frontend.variables.sets import (
    assert_variables_initialized as assert_variables_initialized,
)
from flowc.frontend.variables.sets import (
    assign as assign,
)
from flowc.frontend.variables.sets import (
    assign_add as assign_add,
)
from flowc.frontend.variables.sets import (
    assign_sub as assign_sub,
)
from flowc.frontend.variables.sets import (
    count_up_to as count_up_to,
)
from flowc.frontend.variables.sets import (
    global_variables as global_variables,
)
from flowc.frontend.variables.sets import (
    global_variables_initializer as global_variables_initializer,
)
from flowc.frontend.variables.sets import (
    initialize_all_variables as initialize_all_variables,
)
from flowc.frontend.variables.sets import (
    initialize_local_variables as initialize_local_variables,
)
from flowc.frontend.variables.sets import (
    initialize_variables as initialize_variables,
)
from flowc.frontend.variables.sets import (
    is_variable_initialized as is_variable_initialized,
)
from flowc.frontend.variables.sets import (
    local_variables as local_variables,
)
from flowc.frontend.variables.sets import (
    local_variables_initializer as local_variables_initializer,
)
from flowc.frontend.variables.sets import (
    model_variables as model_variables,
)
from flowc.frontend.variables.sets import (
    moving_average_variables as moving_average_variables,
)
from flowc.frontend.variables.sets import (
    report_uninitialized_variables as report_uninitialized_variables,
)
from flowc.frontend.variables.sets import (
    scatter_add as scatter_add,
)
from flowc.frontend.variables.sets import (
    scatter_div as scatter_div,
)
from flowc.frontend.variables.sets import (
    scatter_max as scatter_max,
)
from flowc.frontend.variables.sets import (
    scatter_min as scatter_min,
)
from flowc.frontend.variables.sets import (
    scatter_mul as scatter_mul,
)
from flowc.frontend.variables.sets import (
    scatter_nd_add as scatter_nd_add,
)
from flowc.frontend.variables.sets import (
    scatter_nd_sub as scatter_nd_sub,
)
from flowc.frontend.variables.sets import (
    scatter_nd_update as scatter_nd_update,
)
from flowc.frontend.variables.sets import (
    scatter_sub as scatter_sub,
)
from flowc.frontend.variables.sets import (
    scatter_update as scatter_update,
)
from flowc.frontend.variables.sets import (
    tables_initializer as tables_initializer,
)
from flowc.frontend.variables.sets import (
    trainable_variables as trainable_variables,
)
from flowc.frontend.variables.sets import (
    variables_initializer as variables_initializer,
)
from flowc.frontend.variables.variable import (
    Variable as Variable,
)
from flowc.frontend.variables.variable import (
    VariableAggregation as VariableAggregation,
)
from flowc.frontend.variables.variable import (
    VariableSynchronization as VariableSynchronization,
)
from flowc.frontend.variables.variable import (
    disable_resource_variables as disable_resource_variables,
)
from flowc.frontend.variables.variable import (
    enable_resource_variables as enable_resource_variables,
)
from flowc.frontend.variables.variable import (
    resource_variables_enabled as resource_variables_enabled,
)
from flowc.ir.dtypes import (
    DType as DType,
)
from flowc.ir.dtypes import (
    as_dtype as as_dtype,
)
from flowc.ir.dtypes import (
    bfloat16 as bfloat16,
)
from flowc.ir.dtypes import (
    bool_ as bool,
)
from flowc.ir.dtypes import (
    complex64 as complex64,
)
from flowc.ir.dtypes import (
    complex128 as complex128,
)
from flowc.ir.dtypes import (
    float16 as float16,
)
from flowc.ir.dtypes import (
    float16 as half,
)
from flowc.ir.dtypes import (
    float32 as float32,
)
from flowc.ir.dtypes import (
    float64 as double,
)
from flowc.ir.dtypes import (
    float64 as float64,
)
from flowc.ir.dtypes import (
    int8 as int8,
)
from flowc.ir.dtypes import (
    int16 as int16,
)
from flowc.ir.dtypes import (
    int32 as int32,
)
from flowc.ir.dtypes import (
    int64 as int64,
)
from flowc.ir.dtypes import (
    qint8 as qint8,
)
from flowc.ir.dtypes import (
    qint16 as qint16,
)
from flowc.ir.dtypes import (
    qint32 as qint32,
)
from flowc.ir.dtypes import (
    quint8 as quint8,
)
from flowc.ir.dtypes import (
    quint16 as quint16,
)
from flowc.ir.dtypes import (
    resource as resource,
)
from flowc.ir.dtypes import (
    string as string,
)
from flowc.ir.dtypes import (
    uint8 as uint8,
)
from flowc.ir.dtypes import (
    uint16 as uint16,
)
from flowc.ir.dtypes import (
    uint32 as uint32,
)
from flowc.ir.dtypes import (
    uint64 as uint64,
)
from flowc.ir.dtypes import (
    variant as variant,
)
from flowc.ir.proto import (
    AttrValue as AttrValue,
)
from flowc.ir.proto import (
    ConfigProto as ConfigProto,
)
from flowc.ir.proto import (
    Event as Event,
)
from flowc.ir.proto import (
    GPUOptions as GPUOptions,
)
from flowc.ir.proto import (
    GraphDef as GraphDef,
)
from flowc.ir.proto import (
    GraphOptions as GraphOptions,
)
from flowc.ir.proto import (
    HistogramProto as HistogramProto,
)
from flowc.ir.proto import (
    MetaGraphDef as MetaGraphDef,
)
from flowc.ir.proto import (
    NameAttrList as NameAttrList,
)
from flowc.ir.proto import (
    NodeDef as NodeDef,
)
from flowc.ir.proto import (
    OptimizerOptions as OptimizerOptions,
)
from flowc.ir.proto import (
    RunMetadata as RunMetadata,
)
from flowc.ir.proto import (
    RunOptions as RunOptions,
)
from flowc.ir.proto import (
    SessionLog as SessionLog,
)
from flowc.ir.proto import (
    Summary as Summary,
)
from flowc.ir.proto import (
    SummaryMetadata as SummaryMetadata,
)
from flowc.ir.tensor_values import (
    make_ndarray as make_ndarray,
)
from flowc.ir.tensor_values import (
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
