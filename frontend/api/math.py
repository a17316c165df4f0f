"""`tf.math`: arithmetic, comparisons, reductions."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.api import special
from flowc.frontend.functions.activations import (
    l2_normalize, log_softmax, softmax, softplus, softsign,
)
from flowc.frontend.functions.arithmetic import (
    approximate_equal, cumulative_logsumexp, multiply_no_nan, reciprocal_no_nan,
    unsorted_segment_sqrt_n,
)
from flowc.frontend.functions.checks import is_non_decreasing, is_strictly_increasing
from flowc.frontend.functions.mathematics import abs_ as abs
from flowc.frontend.functions.mathematics import (
    accumulate_n, acos, acosh, add, add_n, angle, asin, asinh, atan, atan2, atanh, bessel_i0e,
    bessel_i1e, betainc, bincount, cast, ceil, confusion_matrix, conj, cos, cosh, cumprod, cumsum,
    digamma, div, div_no_nan, divide, equal, erf, erfc, exp, expm1, floor, floor_div, floordiv,
    floormod, greater, greater_equal, igamma, igammac, imag, is_finite, is_inf, is_nan, lbeta,
    less, less_equal, lgamma, log, log1p, log_sigmoid, logical_and, logical_not, logical_or,
    logical_xor, maximum, minimum, mod, multiply, negative, nextafter, not_equal, polygamma,
    polyval, real, realdiv, reciprocal, rint, rsqrt, saturate_cast, scalar_mul, segment_max,
    segment_mean, segment_min, segment_prod, segment_sum, sigmoid, sign, sin, sinh,
    sparse_segment_mean, sparse_segment_sqrt_n, sparse_segment_sum, sqrt, square,
    squared_difference, subtract, tan, tanh, truediv, truncatediv, truncatemod,
    unsorted_segment_max, unsorted_segment_mean, unsorted_segment_min, unsorted_segment_prod,
    unsorted_segment_sum, xdivy, xlogy, zero_fraction, zeta,
)
from flowc.frontend.functions.mathematics import complex_ as complex
from flowc.frontend.functions.mathematics import div_no_nan as divide_no_nan
from flowc.frontend.functions.mathematics import pow_ as pow
from flowc.frontend.functions.mathematics import round_ as round
from flowc.frontend.functions.reductions import (
    argmax, argmin, count_nonzero, reduce_all, reduce_any, reduce_euclidean_norm,
    reduce_logsumexp, reduce_max, reduce_mean, reduce_min, reduce_prod, reduce_std, reduce_sum,
    reduce_variance,
)
from flowc.frontend.functions.selection import in_top_k, top_k
from flowc.frontend.functions.shaping import invert_permutation
from flowc.frontend.functions.special import bessel_i0, bessel_i1, erfinv, ndtri

__all__ = [
    "abs", "accumulate_n", "acos", "acosh", "add", "add_n", "angle", "approximate_equal", "argmax",
    "argmin", "asin", "asinh", "atan", "atan2", "atanh", "bessel_i0", "bessel_i0e", "bessel_i1",
    "bessel_i1e", "betainc", "bincount", "cast", "ceil", "complex", "confusion_matrix", "conj",
    "cos", "cosh", "count_nonzero", "cumprod", "cumsum", "cumulative_logsumexp", "digamma", "div",
    "div_no_nan", "divide", "divide_no_nan", "equal", "erf", "erfc", "erfinv", "exp", "expm1",
    "floor", "floor_div", "floordiv", "floormod", "greater", "greater_equal", "igamma", "igammac",
    "imag", "in_top_k", "invert_permutation", "is_finite", "is_inf", "is_nan", "is_non_decreasing",
    "is_strictly_increasing", "l2_normalize", "lbeta", "less", "less_equal", "lgamma", "log",
    "log1p", "log_sigmoid", "log_softmax", "logical_and", "logical_not", "logical_or",
    "logical_xor", "maximum", "minimum", "mod", "multiply", "multiply_no_nan", "ndtri", "negative",
    "nextafter", "not_equal", "polygamma", "polyval", "pow", "real", "realdiv", "reciprocal",
    "reciprocal_no_nan", "reduce_all", "reduce_any", "reduce_euclidean_norm", "reduce_logsumexp",
    "reduce_max", "reduce_mean", "reduce_min", "reduce_prod", "reduce_std", "reduce_sum",
    "reduce_variance", "rint", "round", "rsqrt", "saturate_cast", "scalar_mul", "segment_max",
    "segment_mean", "segment_min", "segment_prod", "segment_sum", "sigmoid", "sign", "sin", "sinh",
    "softmax", "softplus", "softsign", "sparse_segment_mean", "sparse_segment_sqrt_n",
    "sparse_segment_sum", "special", "sqrt", "square", "squared_difference", "subtract", "tan",
    "tanh", "top_k", "truediv", "truncatediv", "truncatemod", "unsorted_segment_max",
    "unsorted_segment_mean", "unsorted_segment_min", "unsorted_segment_prod",
    "unsorted_segment_sqrt_n", "unsorted_segment_sum", "xdivy", "xlogy", "zero_fraction", "zeta",
]
