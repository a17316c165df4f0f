"""`tf.math`: arithmetic, comparisons, reductions."""

from flowc.frontend.functions.activations import (
    l2_normalize as l2_normalize,
)
from flowc.frontend.functions.activations import (
    softplus as softplus,
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
    bessel_i0e as bessel_i0e,
)
from flowc.frontend.functions.mathematics import (
    bessel_i1e as bessel_i1e,
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
    log_sigmoid as log_sigmoid,
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
    xdivy as xdivy,
)
from flowc.frontend.functions.mathematics import (
    xlogy as xlogy,
)
from flowc.frontend.functions.mathematics import (
    zero_fraction as zero_fraction,
)
from flowc.frontend.functions.mathematics import (
    zeta as zeta,
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
    reduce_all as reduce_all,
)
from flowc.frontend.functions.reductions import (
    reduce_any as reduce_any,
)
from flowc.frontend.functions.reductions import (
    reduce_euclidean_norm as reduce_euclidean_norm,
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
    reduce_std as reduce_std,
)
from flowc.frontend.functions.reductions import (
    reduce_sum as reduce_sum,
)
from flowc.frontend.functions.reductions import (
    reduce_variance as reduce_variance,
)
from flowc.frontend.functions.selection import (
    in_top_k as in_top_k,
)
from flowc.frontend.functions.selection import (
    top_k as top_k,
)
