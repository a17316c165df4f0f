"""Matrix products: one, or batches of them."""

from __future__ import annotations

from typing import Any

from flowc.ir import dims
from flowc.ir.dtypes import DType, float32
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ops.common import Tensors, conj, conjugate, require_rank, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op

_MATMUL_TYPES = "{float, int32, int64, uint8, uint16, uint32, uint64, complex}"


@op(
    "MatMul(a: T[:,:], b: T[:,:]; transpose_a: bool = false, transpose_b: bool = false,"
    f" T: {_MATMUL_TYPES}, grad_a: bool = false, grad_b: bool = false) -> product: T"
)
def matmul(b: Builder, left: Value, right: Value, *, transpose_a: bool, transpose_b: bool) -> Value:
    """The product of two matrices."""
    shapes = [require_rank(b, value, 2, f"In[{i}]") for i, value in enumerate((left, right))]
    inner = shapes[0][0 if transpose_a else 1], shapes[1][1 if transpose_b else 0]
    require(
        b.assumptions.equal(*inner),
        f"Matrix size-incompatible: In[0]: {show(shapes[0])}, In[1]: {show(shapes[1])}",
    )
    return b.matmul(left, right, transpose_a, transpose_b)


@matmul.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    a, b = (conj(g, t) for t in op.inputs)
    match op.get_attr("transpose_a"), op.get_attr("transpose_b"):
        case False, False:
            return g("MatMul", grad, b, transpose_b=True), g("MatMul", a, grad, transpose_a=True)
        case False, True:
            return g("MatMul", grad, b), g("MatMul", grad, a, transpose_a=True)
        case True, False:
            return g("MatMul", b, grad, transpose_b=True), g("MatMul", a, grad)
    return (
        g("MatMul", b, grad, transpose_a=True, transpose_b=True),
        g("MatMul", grad, a, transpose_a=True, transpose_b=True),
    )


_SPARSE = "{float32, bfloat16}"


@op(
    "SparseMatMul(a: Ta[:,:], b: Tb[:,:]; transpose_a: bool = false, transpose_b: bool = false,"
    " a_is_sparse: bool = false, b_is_sparse: bool = false,"
    f" Ta: {_SPARSE} = float32, Tb: {_SPARSE} = float32) -> product: float32"
)
def sparse_matmul(
    b: Builder, left: Value, right: Value, *, transpose_a: bool, transpose_b: bool
) -> Value:
    """The float32 product of two dense matrices that have many zeros."""
    for i, value in enumerate((left, right)):
        require_rank(b, value, 2, "ab"[i])
    return b.matmul(b.convert(left, float32), b.convert(right, float32), transpose_a, transpose_b)


@sparse_matmul.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    a, b = op.inputs
    ta, tb = op.get_attr("transpose_a"), op.get_attr("transpose_b")
    sparse = {id(a): op.get_attr("a_is_sparse"), id(b): op.get_attr("b_is_sparse")}
    sparse.setdefault(id(grad), grad.op.type == "ReluGrad")

    def product(x: Tensor, y: Tensor, like: Tensor, tx: bool = False, ty: bool = False) -> Any:
        out = g(
            "SparseMatMul",
            x,
            y,
            transpose_a=tx,
            transpose_b=ty,
            a_is_sparse=sparse[id(x)],
            b_is_sparse=sparse[id(y)],
        )
        return out if like.dtype == out.dtype else g("Cast", out, DstT=like.dtype)

    match ta, tb:
        case False, False:
            return product(grad, b, a, ty=True), product(a, grad, b, tx=True)
        case False, True:
            return product(grad, b, a), product(grad, a, b, tx=True)
        case True, False:
            return product(b, grad, a, ty=True), product(a, grad, b)
    return product(b, grad, a, tx=True, ty=True), product(grad, a, b, tx=True, ty=True)


# Batches


def batch_matmul(
    b: Builder, x: Value, y: Value, adj_x: bool, adj_y: bool, broadcasts: bool = True
) -> Value:
    """The products of the matrices in the last two dimensions; the others are batches."""
    shapes = b.shape(x), b.shape(y)
    for i, shape in enumerate(shapes):
        require(len(shape) >= 2, f"In[{i}] ndims must be >= 2: {len(shape)}")
    if not broadcasts:
        same = b.assumptions.equal_shapes(shapes[0][:-2], shapes[1][:-2])
        require(same, f"In[0] and In[1] must have the same batch dimensions: {shapes}")
    inner = shapes[0][-2 if adj_x else -1], shapes[1][-1 if adj_y else -2]
    require(
        b.assumptions.equal(*inner),
        f"Matrix size-incompatible: In[0]: {show(shapes[0])}, In[1]: {show(shapes[1])}",
    )
    if len(shapes[1]) == 2 < len(shapes[0]) and not adj_x:
        return _rows_by_matrix(b, x, y, adj_y)
    batch = b.broadcast_shapes(shapes[0][:-2], shapes[1][:-2])
    x, y = (b.broadcast_to(v, (*batch, *b.shape(v)[-2:])) for v in (x, y))
    x, y = conjugate(b, x) if adj_x else x, conjugate(b, y) if adj_y else y
    return b.matmul(x, y, adj_x, adj_y)


def _rows_by_matrix(b: Builder, x: Value, y: Value, adj_y: bool) -> Value:
    """Batches of matrices by one matrix: one product, which all their rows have in common."""
    *outer, inner = b.shape(x)
    y = conjugate(b, y) if adj_y else y
    product = b.matmul(b.reshape(x, (dims.product(tuple(outer)), inner)), y, False, adj_y)
    return b.reshape(product, (*outer, b.shape(product)[-1]))


_ADJOINTS = "adj_x: bool = false, adj_y: bool = false, grad_x: bool = false, grad_y: bool = false"
_FACTORS = "{inexact, int8, int16, int32, int64, uint8}"
_PRODUCTS = "{inexact, int16, int32, int64}"


def _define_batch_matmul(name: str, types: str, broadcasts: bool) -> None:
    @op(f"{name}(x: T[...,:,:], y: T[...,:,:]; T: {types}, {_ADJOINTS}) -> output: T")
    def lower(b: Builder, x: Value, y: Value, *, adj_x: bool, adj_y: bool) -> Value:
        return batch_matmul(b, x, y, adj_x, adj_y, broadcasts)

    @lower.gradient
    def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        return _batch_gradient(g, op, grad, name)


_define_batch_matmul("BatchMatMul", "{inexact, index}", broadcasts=False)
_define_batch_matmul(
    "BatchMatMulV2",
    "{inexact, int16, int32, int64, uint8, uint16, uint32, uint64}",
    broadcasts=True,
)


@op(
    f"BatchMatMulV3(x: Ta[...,:,:], y: Tb[...,:,:]; Ta: {_FACTORS}, Tb: {_FACTORS},"
    f" Tout: {_PRODUCTS},"
    f" {_ADJOINTS}) -> output: Tout"
)
def batch_matmul_v3(
    b: Builder, x: Value, y: Value, *, Tout: DType, adj_x: bool, adj_y: bool
) -> Value:
    """Batched products with another type for the result."""
    return batch_matmul(b, b.convert(x, Tout), b.convert(y, Tout), adj_x, adj_y)


@batch_matmul_v3.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return _batch_gradient(g, op, grad, "BatchMatMulV3")


def _batch_gradient(g: GraphBuilder, op: Operation, grad: Tensor, name: str) -> Tensors:
    x, y = op.inputs
    v3 = name == "BatchMatMulV3"
    if name == "BatchMatMulV2" and _is_matrix_of_rows(g, op):
        return _rows_gradient(g, op, grad)

    def product(left: Tensor, right: Tensor, like: Tensor, adj_x: bool, adj_y: bool) -> Any:
        types = {"Tout": like.dtype} if v3 else {}
        return g(name, left, right, adj_x=adj_x, adj_y=adj_y, **types)

    match op.get_attr("adj_x"), op.get_attr("adj_y"):
        case False, False:
            pair = product(grad, y, x, False, True), product(x, grad, y, True, False)
        case False, True:
            pair = product(grad, y, x, False, False), product(grad, x, y, True, False)
        case True, False:
            pair = product(y, grad, x, False, True), product(x, grad, y, False, False)
        case _:
            pair = product(y, grad, x, True, True), product(grad, x, y, True, True)
    return pair if name == "BatchMatMul" else _sum_batches(g, x, y, pair)


def _is_matrix_of_rows(g: GraphBuilder, op: Operation) -> bool:
    """Whether all rows of batches are multiplied by one real matrix of known sizes."""
    left, right = (g.shape_of(t) for t in op.inputs)
    if left is None or right is None or None in right or op.inputs[0].dtype.is_complex:
        return False
    return len(right) == 2 < len(left) and not op.get_attr("adj_x")


def _rows_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    """The matrix's gradient as one product over all rows, instead of the sum of one per batch."""
    x, y = op.inputs
    adjoint = op.get_attr("adj_y")
    sizes = g.shape_of(y)
    assert sizes is not None
    inner, outer = reversed(sizes) if adjoint else sizes
    rows = g("Reshape", x, g.constant([-1, inner])), g("Reshape", grad, g.constant([-1, outer]))
    left, right = reversed(rows) if adjoint else rows
    by_x = g("BatchMatMulV2", grad, y, adj_y=not adjoint)
    return by_x, g("MatMul", left, right, transpose_a=True)


def _sum_batches(g: GraphBuilder, x: Tensor, y: Tensor, grads: tuple[Tensor, Tensor]) -> Tensors:
    """Sum gradients over the batch dimensions along which an operand was repeated."""
    shapes = g.shape_of(x), g.shape_of(y)
    if all(s is not None and None not in s for s in shapes):
        left, right = shapes
        assert left is not None and right is not None
        if left[:-2] == right[:-2]:
            return grads
    sizes = [g("Shape", t) for t in (x, y)]
    batches = [
        g("StridedSlice", size, *(g.constant([i]) for i in (0, -2, 1)), begin_mask=1)
        for size in sizes
    ]
    axes = g("BroadcastGradientArgs", *batches)
    return tuple(
        g("Reshape", g("Sum", grad, over), size)
        for grad, over, size in zip(grads, axes, sizes, strict=True)
    )
