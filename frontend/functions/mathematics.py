"""Arithmetic, comparison, casts, matrix products, and running and segment sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowc.frontend import operators
from flowc.frontend.aliases import AxisLike, DTypeLike, ShapeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import IndexedSlices, SparseTensor
from flowc.frontend.conversion import constant, convert, convert_n_to_tensor
from flowc.frontend.elements import TensorBase
from flowc.frontend.functions.derived import derive
from flowc.frontend.functions.shaping import Name, concat, reshape, stack, transpose
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes
from flowc.ir.dtypes import as_dtype

# One op each


def _derived(names: str) -> list[Any]:
    return [derive(op, python) for python, op in (pair.split("=") for pair in names.split())]


(
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    ceil,
    cos,
    cosh,
    digamma,
    erf,
    erfc,
    exp,
    expm1,
    floor,
    lgamma,
    log,
    log1p,
    sin,
    sinh,
    sqrt,
    square,
    rsqrt,
    reciprocal,
    sign,
    tan,
    rint,
) = _derived(
    "acos=Acos acosh=Acosh asin=Asin asinh=Asinh atan=Atan atan2=Atan2 atanh=Atanh ceil=Ceil "
    "cos=Cos cosh=Cosh digamma=Digamma erf=Erf erfc=Erfc exp=Exp expm1=Expm1 floor=Floor "
    "lgamma=Lgamma log=Log log1p=Log1p sin=Sin sinh=Sinh sqrt=Sqrt square=Square rsqrt=Rsqrt "
    "reciprocal=Reciprocal sign=Sign tan=Tan rint=Rint"
)
(
    add,
    multiply,
    subtract,
    realdiv,
    floor_div,
    floormod,
    truncatediv,
    truncatemod,
    maximum,
    minimum,
    squared_difference,
    div_no_nan,
    xdivy,
    xlogy,
    igamma,
    igammac,
    zeta,
    polygamma,
    betainc,
    nextafter,
) = _derived(
    "add=Add multiply=Mul subtract=Sub realdiv=RealDiv floor_div=FloorDiv floormod=FloorMod "
    "truncatediv=TruncateDiv truncatemod=TruncateMod maximum=Maximum minimum=Minimum "
    "squared_difference=SquaredDifference div_no_nan=DivNoNan xdivy=Xdivy xlogy=Xlogy "
    "igamma=Igamma igammac=Igammac zeta=Zeta polygamma=Polygamma betainc=Betainc "
    "nextafter=NextAfter"
)
(
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    logical_and,
    logical_or,
    logical_not,
    is_finite,
    is_inf,
    is_nan,
) = _derived(
    "equal=Equal not_equal=NotEqual less=Less less_equal=LessEqual greater=Greater "
    "greater_equal=GreaterEqual logical_and=LogicalAnd logical_or=LogicalOr logical_not=LogicalNot "
    "is_finite=IsFinite is_inf=IsInf is_nan=IsNan"
)
(
    segment_sum,
    segment_mean,
    segment_prod,
    segment_max,
    segment_min,
    unsorted_segment_sum,
    unsorted_segment_prod,
    unsorted_segment_max,
    unsorted_segment_min,
    cross,
    bessel_i0e,
    bessel_i1e,
) = _derived(
    "segment_sum=SegmentSum segment_mean=SegmentMean segment_prod=SegmentProd "
    "segment_max=SegmentMax segment_min=SegmentMin unsorted_segment_sum=UnsortedSegmentSum "
    "unsorted_segment_prod=UnsortedSegmentProd unsorted_segment_max=UnsortedSegmentMax "
    "unsorted_segment_min=UnsortedSegmentMin cross=Cross bessel_i0e=BesselI0e bessel_i1e=BesselI1e"
)
mod = floormod
negative_op = derive("Neg", "negative")
logical_xor = operators.logical_xor


def _unary(op_type: str, x: TensorLike, name: Name, default_name: str) -> Any:
    """An op on a tensor, or on the elements of a SparseTensor."""
    if isinstance(x, SparseTensor):
        with name_scope(name, default_name, [x]) as scope:
            return SparseTensor(x.indices, build(op_type, x.values, name=scope), x.dense_shape)
    return build(op_type, x, name=name)


def negative(x: TensorLike, name: Name = None) -> Any:
    """-x, also for a SparseTensor."""
    return _unary("Neg", x, name, "Neg")


def sigmoid(x: TensorLike, name: Name = None) -> Any:
    """1 / (1 + exp(-x))."""
    with name_scope(name, "Sigmoid", [x]) as scope:
        return build("Sigmoid", convert(x, None, "x"), name=scope)


def tanh(x: TensorLike, name: Name = None) -> Any:
    """The hyperbolic tangent, also for a SparseTensor."""
    return _unary("Tanh", x, name, "Tanh")


def log_sigmoid(x: TensorLike, name: Name = None) -> Any:
    """log(sigmoid(x)), computed as -softplus(-x)."""
    with name_scope(name, "LogSigmoid", [x]) as scope:
        x = convert(x, None, "x")
        return build("Neg", build("Softplus", build("Neg", x)), name=scope)


def abs_(x: TensorLike, name: Name = None) -> Any:
    """|x|, real for complex x."""
    with name_scope(name, "Abs", [x]) as scope:
        x = convert(x, None, "x")
        if x.dtype.is_complex:
            return build("ComplexAbs", x, Tout=x.dtype.real, name=scope)
        return build("Abs", x, name=scope)


def round_(x: TensorLike, name: Name = None) -> Any:
    """x rounded to the nearest integer, halves to even."""
    x = convert(x, None, "x")
    return x if x.dtype.is_integer else build("Round", x, name=name)


def pow_(x: TensorLike, y: TensorLike, name: Name = None) -> Any:
    """x to the power y."""
    with name_scope(name, "Pow", [x]) as scope:
        return build("Pow", x, y, name=scope)


def _pair(x: TensorLike, y: TensorLike) -> tuple[Any, Any]:
    x = convert(x, None, "x")
    return x, convert(y, None if isinstance(y, TensorBase) else x.dtype, "y")


def div(x: TensorLike, y: TensorLike, name: Name = None) -> Any:
    """x / y as Python 2 had it: of integers, the floor."""
    with name_scope(name, "div", [x, y]) as scope:
        return operators.div_python2(*_pair(x, y), name=scope)


def truediv(x: TensorLike, y: TensorLike, name: Name = None) -> Any:
    """x / y as a float."""
    with name_scope(name, "truediv", [x, y]) as scope:
        return operators.truediv(*_pair(x, y), name=scope)


def divide(x: Any, y: TensorLike, name: Name = None) -> Any:
    """x / y by Python's operator; `name` names the result."""
    if name is not None:
        return truediv(x, y, name)
    return convert(x) / y if not hasattr(x, "__truediv__") or not hasattr(x, "graph") else x / y


def floordiv(x: TensorLike, y: TensorLike, name: Name = None) -> Any:
    """The floor of x / y."""
    with name_scope(name, "floordiv", [x, y]) as scope:
        return build("FloorDiv", x, y, name=scope)


def cast(x: TensorLike, dtype: DTypeLike, name: Name = None) -> Any:
    """`x` converted to `dtype`; of complex numbers the real part, with a warning in TensorFlow."""
    wanted = as_dtype(dtype)
    if isinstance(x, TensorBase) and x.dtype is wanted:
        return x
    with name_scope(name, "Cast", [x]) as scope:
        if isinstance(x, SparseTensor):
            return SparseTensor(x.indices, cast(x.values, wanted, scope), x.dense_shape)
        if isinstance(x, IndexedSlices):
            return IndexedSlices(cast(x.values, wanted, scope), x.indices, x.dense_shape)
        x = convert(x, None, "x")
        return x if x.dtype is wanted else build("Cast", x, DstT=wanted, name=scope)


def saturate_cast(value: Any, dtype: DTypeLike, name: Name = None) -> Any:
    """`value` clamped to the range of `dtype` and converted."""
    with name_scope(name, "saturate_cast", [value]) as scope:
        value, wanted = convert(value, None, "value"), as_dtype(dtype)
        if value.dtype.min < wanted.min:
            value = maximum(value, convert(wanted.min, value.dtype, "min"))
        if value.dtype.max > wanted.max:
            value = minimum(value, convert(wanted.max, value.dtype, "max"))
        return cast(value, wanted, scope)


def _to(dtype: Any, function_name: str) -> Any:
    def convert_dtype(x: TensorLike, name: str = function_name) -> Any:
        return cast(x, dtype, name)

    convert_dtype.__name__ = function_name.replace("T", "t", 1)
    convert_dtype.__doc__ = f"`x` converted to {dtype.name}."
    return convert_dtype


to_float = _to(dtypes.float32, "ToFloat")
to_double = _to(dtypes.float64, "ToDouble")
to_int32 = _to(dtypes.int32, "ToInt32")
to_int64 = _to(dtypes.int64, "ToInt64")
to_bfloat16 = _to(dtypes.bfloat16, "ToBFloat16")
to_complex64 = _to(dtypes.complex64, "ToComplex64")
to_complex128 = _to(dtypes.complex128, "ToComplex128")


def complex_(real: TensorLike, imag: TensorLike, name: Name = None) -> Any:
    """Complex numbers from their parts."""
    real, imag = convert(real, None, "real"), convert(imag, None, "imag")
    with name_scope(name, "Complex", [real, imag]) as scope:
        kinds = {dtypes.float32: dtypes.complex64, dtypes.float64: dtypes.complex128}
        if real.dtype is not imag.dtype or real.dtype not in kinds:
            raise TypeError(
                f"real and imag have incorrect types: {real.dtype.name} {imag.dtype.name}"
            )
        return build("Complex", real, imag, Tout=kinds[real.dtype], name=scope)


def _part(op_type: str, input: TensorLike, name: Name) -> Any:
    with name_scope(name, op_type, [input]) as scope:
        input = convert(input, None, "input")
        if not input.dtype.is_complex:
            return input
        return build(op_type, input, Tout=input.dtype.real, name=scope)


def real(input: TensorLike, name: Name = None) -> Any:
    """The real part; a real tensor itself."""
    return _part("Real", input, name)


def imag(input: TensorLike, name: Name = None) -> Any:
    """The imaginary part; zeros for a real tensor."""
    input = convert(input, None, "input")
    return _part("Imag", input, name) if input.dtype.is_complex else build("ZerosLike", input)


def angle(input: TensorLike, name: Name = None) -> Any:
    """The argument of complex numbers; 0 or pi for real ones."""
    input = convert(input, None, "input")
    if input.dtype.is_complex:
        return _part("Angle", input, name)
    return build(
        "Select",
        build("Less", input, build("ZerosLike", input)),
        build("ZerosLike", input) + np.pi,
        build("ZerosLike", input),
    )


def conj(x: TensorLike, name: Name = None) -> Any:
    """The complex conjugate; a real tensor itself."""
    x = convert(x, None, "x")
    return build("Conj", x, name=name) if x.dtype.is_complex else x


def accumulate_n(
    inputs: Sequence[Any],
    shape: ShapeLike | None = None,
    tensor_dtype: Any = None,
    name: Name = None,
) -> Any:
    """The sum of tensors of one shape."""
    return add_n(inputs, name)


def add_n(inputs: Any, name: Name = None) -> Any:
    """The sum of tensors of one shape. Raises ValueError for an empty list."""
    if not isinstance(inputs, list | tuple) or not inputs:
        raise ValueError(
            "inputs must be an iterable of at least one Tensor/IndexedSlices with the "
            "same dtype and shape"
        )
    tensors = convert_n_to_tensor(list(inputs))
    if len(tensors) == 1:
        return build("Identity", tensors[0], name=name) if name else tensors[0]
    return build("AddN", tensors, name=name)


# Matrix products


def matmul(
    a: TensorLike,
    b: TensorLike,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: Name = None,
) -> Any:
    """The matrix product of `a` [..., m, k] and `b` [..., k, n], which is [..., m, n].

    Dimensions before the last two are batches and broadcast: one matrix meets every matrix of the
    other operand. Either operand may be transposed, or transposed and conjugated (`adjoint`).
    Raises ValueError where inner dimensions differ, or an operand is both transposed and adjoint.
    """
    with name_scope(name, "MatMul", [a, b]) as scope:
        for transposed, adjoint, which in (
            (transpose_a, adjoint_a, "a"),
            (transpose_b, adjoint_b, "b"),
        ):
            if transposed and adjoint:
                raise ValueError(f"Only one of transpose_{which} and adjoint_{which} can be True.")
        a = convert(a, None, "a")
        b = convert(b, None if isinstance(b, TensorBase) else a.dtype, "b")
        if not (a_is_sparse or b_is_sparse) and (_is_batched(a) or _is_batched(b)):
            a, adjoint_a = (conj(a), True) if transpose_a else (a, adjoint_a)
            b, adjoint_b = (conj(b), True) if transpose_b else (b, adjoint_b)
            return build("BatchMatMulV2", a, b, adj_x=adjoint_a, adj_y=adjoint_b, name=scope)
        a, transpose_a = (conj(a), True) if adjoint_a else (a, transpose_a)
        b, transpose_b = (conj(b), True) if adjoint_b else (b, transpose_b)
        if (a_is_sparse or b_is_sparse) and {a.dtype, b.dtype} <= {dtypes.bfloat16, dtypes.float32}:
            return build(
                "SparseMatMul",
                a,
                b,
                transpose_a=transpose_a,
                transpose_b=transpose_b,
                a_is_sparse=a_is_sparse,
                b_is_sparse=b_is_sparse,
                name=scope,
            )
        return build("MatMul", a, b, transpose_a=transpose_a, transpose_b=transpose_b, name=scope)


def _is_batched(tensor: Any) -> bool:
    """False for a matrix; a tensor of unknown rank may be a batch."""
    return tensor.shape.ndims is None or tensor.shape.ndims > 2


def matvec(
    a: TensorLike,
    b: TensorLike,
    transpose_a: bool = False,
    adjoint_a: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: Name = None,
) -> Any:
    """The product of a matrix and a vector, or of batches of them."""
    with name_scope(name, "MatVec", [a, b]) as scope:
        column = build("ExpandDims", convert(b), -1)
        product = matmul(a, column, transpose_a=transpose_a, adjoint_a=adjoint_a)
        return build("Squeeze", product, squeeze_dims=[-1], name=scope)


def tensordot(a: TensorLike, b: TensorLike, axes: AxisLike, name: Name = None) -> Any:
    """The contraction of `a` and `b` over `axes`: a count, or a pair of lists."""
    with name_scope(name, "Tensordot", [a, b, axes]) as scope:
        a, b = convert(a, None, "a"), convert(b, None, "b")
        a_axes, b_axes = _tensordot_axes(a, axes)
        a_matrix, a_free = _as_matrix(a, a_axes, False)
        b_matrix, b_free = _as_matrix(b, b_axes, True)
        product = matmul(a_matrix, b_matrix)
        if isinstance(a_free, list) and isinstance(b_free, list):
            return reshape(product, [*a_free, *b_free], name=scope)
        return reshape(product, concat([a_free, b_free], 0), name=scope)


def _tensordot_axes(a: Any, axes: Any) -> tuple[list[int], list[int]]:
    if isinstance(axes, int | np.integer):
        if axes < 0:
            raise ValueError("'axes' must be at least 0.")
        if a.shape.ndims is None:
            raise ValueError("'axes' as a number needs a known rank of 'a'.")
        return list(range(a.shape.ndims - axes, a.shape.ndims)), list(range(axes))
    if len(axes) != 2:
        raise ValueError("'axes' must be an integer or have length 2.")
    pair = [[int(x)] if isinstance(x, int | np.integer) else [int(v) for v in x] for x in axes]
    if len(pair[0]) != len(pair[1]):
        raise ValueError(
            f"Different number of contraction axes 'a' and 'b', {len(pair[0])} != {len(pair[1])}."
        )
    return pair[0], pair[1]


def _as_matrix(tensor: Any, axes: list[int], first: bool) -> tuple[Any, Any]:
    """`tensor` with `axes` flattened into one dimension, and the sizes of the other dimensions."""
    count = tensor.shape.ndims
    axes = [axis % count for axis in axes]
    free = [axis for axis in range(count) if axis not in axes]
    turned = transpose(tensor, axes + free if first else free + axes)
    sizes = tensor.sizes
    if None not in sizes:
        free_sizes: Any = [sizes[axis] for axis in free]
        inner = int(np.prod([sizes[axis] for axis in axes]))
        outer: Any = int(np.prod(free_sizes))
    else:
        dynamic = build("Shape", tensor)
        free_sizes = stack([dynamic[axis] for axis in free]) if free else constant([], dtypes.int32)
        inner = build("Prod", stack([dynamic[axis] for axis in axes]), [0])
        outer = build("Prod", free_sizes, [0])
    return reshape(turned, [inner, outer] if first else [outer, inner]), free_sizes


def einsum(equation: str, *inputs: Any, **kwargs: Any) -> Any:
    """Einstein's summation: `einsum("ij,jk->ik", a, b)` is the matrix product."""
    return build(
        "Einsum", list(inputs), equation=equation.replace(" ", ""), name=kwargs.get("name")
    )


# Running and segment reductions


def cumsum(
    x: TensorLike,
    axis: AxisLike = 0,
    exclusive: bool = False,
    reverse: bool = False,
    name: Name = None,
) -> Any:
    """Running sums along `axis`."""
    with name_scope(name, "Cumsum", [x]) as scope:
        return build(
            "Cumsum", convert(x, None, "x"), axis, exclusive=exclusive, reverse=reverse, name=scope
        )


def cumprod(
    x: TensorLike,
    axis: AxisLike = 0,
    exclusive: bool = False,
    reverse: bool = False,
    name: Name = None,
) -> Any:
    """Running products along `axis`."""
    with name_scope(name, "Cumprod", [x]) as scope:
        return build(
            "Cumprod", convert(x, None, "x"), axis, exclusive=exclusive, reverse=reverse, name=scope
        )


def _sparse_segment(
    op_type: str, data: Any, indices: TensorLike, ids: TensorLike, num: Any, name: Name
) -> Any:
    if num is None:
        return build(op_type, data, indices, ids, name=name)
    return build(f"{op_type}WithNumSegments", data, indices, ids, num, name=name)


def sparse_segment_sum(
    data: TensorLike,
    indices: TensorLike,
    segment_ids: TensorLike,
    name: Name = None,
    num_segments: TensorLike | None = None,
) -> Any:
    """Sums of gathered rows by segment."""
    return _sparse_segment("SparseSegmentSum", data, indices, segment_ids, num_segments, name)


def sparse_segment_mean(
    data: TensorLike,
    indices: TensorLike,
    segment_ids: TensorLike,
    name: Name = None,
    num_segments: TensorLike | None = None,
) -> Any:
    """Means of gathered rows by segment."""
    return _sparse_segment("SparseSegmentMean", data, indices, segment_ids, num_segments, name)


def sparse_segment_sqrt_n(
    data: TensorLike,
    indices: TensorLike,
    segment_ids: TensorLike,
    name: Name = None,
    num_segments: TensorLike | None = None,
) -> Any:
    """Sums of gathered rows by segment, divided by the square root of their number."""
    return _sparse_segment("SparseSegmentSqrtN", data, indices, segment_ids, num_segments, name)


def unsorted_segment_mean(
    data: Any, segment_ids: TensorLike, num_segments: TensorLike, name: Name = None
) -> Any:
    """Means by segment; 0 for empty ones."""
    with name_scope(name, "UnsortedSegmentMean"):
        data, ids = convert(data), convert(segment_ids)
        total = build("UnsortedSegmentSum", data, ids, num_segments)
        ones = build("Fill", build("Shape", ids), constant(1, data.dtype))
        count = build("UnsortedSegmentSum", ones, ids, num_segments)
        extra = data.shape.ndims - ids.shape.ndims
        form = concat([build("Shape", count), [1] * extra], 0) if extra else build("Shape", count)
        return total / maximum(reshape(count, form), 1)


def bincount(
    arr: Any,
    weights: TensorLike | None = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: DTypeLike = dtypes.int32,
    name: Name = None,
) -> Any:
    """How often, or with what total weight, each non-negative integer occurs."""
    arr = convert(arr, dtypes.int32, "arr")
    flat = build("Reshape", arr, [-1])
    some = build("Greater", build("Size", flat), 0)
    size = cast(some, dtypes.int32) * (build("Max", flat, [0]) + 1)
    if minlength is not None:
        size = maximum(minlength, size)
    if maxlength is not None:
        size = minimum(maxlength, size)
    weights = constant([], dtype) if weights is None else weights
    return build("Bincount", arr, size, weights, name=name)


def confusion_matrix(
    labels: TensorLike,
    predictions: TensorLike,
    num_classes: TensorLike | None = None,
    dtype: DTypeLike = dtypes.int32,
    name: Name = None,
    weights: TensorLike | None = None,
) -> Any:
    """How often class i was predicted as class j."""
    with name_scope(name, "confusion_matrix", [predictions, labels, num_classes, weights]):
        labels = cast(labels, dtypes.int64)
        predictions = cast(predictions, dtypes.int64)
        if num_classes is None:
            num_classes = maximum(build("Max", predictions, [0]), build("Max", labels, [0])) + 1
        count = cast(num_classes, dtypes.int64)
        weights = build("OnesLike", predictions) if weights is None else weights
        values = cast(weights, as_dtype(dtype))
        positions = stack([labels, predictions], axis=1)
        return build("ScatterNd", positions, values, stack([count, count]))


def zero_fraction(value: TensorLike, name: Name = None) -> Any:
    """The fraction of elements that are zero, as float32."""
    with name_scope(name, "zero_fraction", [value]):
        value = convert(value, None, "value")
        zeros = cast(equal(value, constant(0, value.dtype)), dtypes.float32)
        axes = (
            list(range(value.shape.ndims))
            if value.shape.ndims is not None
            else build("Range", 0, build("Rank", value), 1)
        )
        return build("Mean", zeros, axes)


def trace(x: TensorLike, name: Name = None) -> Any:
    """The sum of the diagonal of each matrix."""
    with name_scope(name, "Trace", [x]) as scope:
        return build("Sum", build("MatrixDiagPart", convert(x, None, "x")), [-1], name=scope)


def lbeta(x: TensorLike, name: str | None = "lbeta") -> Any:
    """log |Beta(x)| over the last dimension."""
    with name_scope(name, "lbeta"):
        x = convert(x, None, "x")
        return build("Sum", lgamma(x), [-1]) - lgamma(build("Sum", x, [-1]))


def polyval(coeffs: Sequence[Any], x: TensorLike, name: Name = None) -> Any:
    """A polynomial, its coefficients from the highest power down, by Horner's rule."""
    with name_scope(name, "polyval", [*coeffs, x]):
        x = convert(x, None, "x")
        if not coeffs:
            return build("ZerosLike", x)
        result = convert(coeffs[0], x.dtype)
        for coefficient in coeffs[1:]:
            result = convert(coefficient, x.dtype) + result * x
        return result


def scalar_mul(scalar: Any, x: Any, name: Name = None) -> Any:
    """`x` times a scalar; IndexedSlices stay IndexedSlices."""
    scalar = convert(scalar, x.dtype, "scalar")
    if scalar.shape.ndims not in (None, 0):
        raise ValueError(f"Only scalar multiply works, got shape {scalar.shape}")
    if isinstance(x, IndexedSlices):
        return IndexedSlices(scalar * x.values, x.indices, x.dense_shape)
    return build("Mul", scalar, x, name=name)
