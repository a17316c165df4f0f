"""Ops of old GraphDefs: each gives what the op of today gives, or NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build
from flowc.ops.registry import OPS

RANDOM = np.random.default_rng(0)

TWINS = [
    name
    for name in OPS
    if name.startswith("Batch") and name[5:] in OPS and OPS[name].family == "deprecated"
]


def random(*shape: int) -> Any:
    return RANDOM.normal(size=shape).astype(np.float32)


def run(*fetches: Any) -> Any:
    with tf.Session() as session:
        return session.run(list(fetches))


def positive(*shape: int) -> Any:
    x = random(*shape)
    return x @ x.swapaxes(-1, -2) + np.eye(shape[-1], dtype=np.float32)


def operands(name: str) -> list[Any]:
    match name:
        case "MatrixBandPart":
            return [random(2, 3, 4), np.int64(1), np.int64(0)]
        case "MatrixSetDiag":
            return [random(2, 3, 4), random(2, 3)]
        case "MatrixSolve" | "MatrixTriangularSolve":
            return [positive(2, 3, 3), random(2, 3, 2)]
        case "MatrixSolveLs":
            return [random(2, 4, 3), random(2, 4, 2), np.float64(0.1)]
        case "CholeskyGrad":
            return [np.linalg.cholesky(positive(2, 3, 3)), random(2, 3, 3)]
        case "MatrixDiag":
            return [random(2, 3)]
    if "FFT" in name:
        return [(random(2, 3, 4, 5) + 1j * random(2, 3, 4, 5)).astype(np.complex64)]
    return [positive(2, 3, 3)]


@pytest.mark.parametrize("name", TWINS)
def test_batches(name: str) -> None:
    inputs = operands(name[5:])
    old, new = build(name, *inputs), build(name[5:], *inputs)
    results = [list(found) if isinstance(found, tuple) else [found] for found in (old, new)]
    for got, expected in zip(*results, strict=True):
        np.testing.assert_array_equal(*run(got, expected))


@pytest.mark.parametrize("name", ["SelfAdjointEig", "BatchSelfAdjointEig"])
def test_eigen(name: str) -> None:
    x = positive(2, 3, 3)
    both, (e, v) = run(build(name, x), build("SelfAdjointEigV2", x))
    np.testing.assert_array_equal(both[:, 0], e)
    np.testing.assert_array_equal(both[:, 1:], v)


@pytest.mark.parametrize("scaled", [True, False])
def test_global_normalization(scaled: bool) -> None:
    t, m, v, beta, gamma = random(2, 3, 4, 5), random(5), np.abs(random(5)), random(5), random(5)
    attrs: dict[str, Any] = {"variance_epsilon": 0.01, "scale_after_normalization": scaled}
    inputs = [tf.constant(value) for value in (t, m, v, beta, gamma)]
    old = build("BatchNormWithGlobalNormalization", *inputs, **attrs)
    new = (inputs[0] - inputs[1]) * tf.rsqrt(inputs[2] + 0.01)
    new = new * inputs[4] + inputs[3] if scaled else new + inputs[3]
    weights = random(2, 3, 4, 5)
    wanted = inputs if scaled else inputs[:4]
    grads = [tf.gradients(y, wanted, weights) for y in (old, new)]
    for got, expected in zip([old, *grads[0]], [new, *grads[1]], strict=True):
        actual, wanted_value = run(got, expected)
        np.testing.assert_allclose(actual, wanted_value, rtol=1e-4, atol=1e-4)


def test_tile_grad() -> None:
    x = random(4, 6)
    (found,) = run(build("TileGrad", x, [2, 3]))
    np.testing.assert_allclose(found, x.reshape(2, 2, 3, 2).sum((0, 2)), rtol=1e-5)


def test_adjust_contrast() -> None:
    x = (random(2, 3, 4, 3) * 40 + 100).astype(np.uint8)
    (found,) = run(build("AdjustContrast", x, 1.5, 20.0, 200.0))
    mean = x.mean((1, 2), dtype=np.float32, keepdims=True)
    np.testing.assert_allclose(found, np.clip((x - mean) * 1.5 + mean, 20, 200), rtol=1e-5)


def test_gradients_of_volumes() -> None:
    x, kernel, grad = random(1, 3, 4, 3, 2), random(2, 2, 2, 2, 3), random(1, 3, 4, 3, 3)
    attrs: dict[str, Any] = {"strides": [1] * 5, "padding": "SAME"}
    old = [build(f"Conv3DBackprop{of}", x, kernel, grad, **attrs) for of in ("Input", "Filter")]
    new = [
        build("Conv3DBackpropInputV2", x.shape, kernel, grad, **attrs),
        build("Conv3DBackpropFilterV2", x, kernel.shape, grad, **attrs),
    ]
    for got, expected in zip(old, new, strict=True):
        np.testing.assert_array_equal(*run(got, expected))


@pytest.mark.parametrize(
    ("kind", "expected"), [("Update", [9, 5]), ("Add", [10, 9]), ("Sub", [-8, -1])]
)
def test_rows_in_place(kind: str, expected: list[int]) -> None:
    x = np.array([1, 2, 3, 4], np.int32)
    (found,) = run(build(f"Inplace{kind}", x, [0, -1], np.array([9, 5], np.int32)))
    assert found.tolist() == [expected[0], 2, 3, expected[1]]


@pytest.mark.parametrize("value", [np.float32(7), random(2, 3)])
def test_slice_assignment(value: Any) -> None:
    x = random(4, 5)
    wanted = x.copy()
    wanted[1:3, ::2] = value
    span = ([1, 0], [3, 5], [1, 2])
    masks: dict[str, Any] = {"begin_mask": 2, "end_mask": 2}
    resource: Any
    reference: Any
    resource, reference = tf.Variable(x, use_resource=True), tf.Variable(x, use_resource=False)
    by_resource = build("ResourceStridedSliceAssign", resource.handle, *span, value, **masks)
    by_reference = build("StridedSliceAssign", reference._ref(), *span, value, **masks)
    update = build("TensorStridedSliceUpdate", x, *span, value, **masks)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run([by_resource, by_reference.op])
        for found in session.run([resource, reference, update]):
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(("x", "expected"), [([0, 1, -1, 3], [0, 2, 1, 1]), (2, 3), ([-4], [0])])
def test_axes_of_another_format(x: Any, expected: Any) -> None:
    (found,) = run(build("DataFormatDimMap", x))
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([1, 2, 3, 4], [1, 4, 2, 3]),
        ([5, 6], [5, 6]),
        ([[1, 2], [3, 4], [5, 6], [7, 8]], [[1, 2], [7, 8], [3, 4], [5, 6]]),
    ],
)
def test_shapes_in_another_format(x: Any, expected: Any) -> None:
    (found,) = run(build("DataFormatVecPermute", x))
    assert found.tolist() == expected


def test_placeholder_v2() -> None:
    with tf.Graph().as_default() as graph:
        tf.placeholder(tf.float32, [2], name="x")
        graph_def = graph.as_graph_def()
    graph_def.node[0].op = "PlaceholderV2"
    found = tf.import_graph_def(graph_def, return_elements=["x:0"])
    assert found is not None
    with tf.Session() as session:
        assert session.run(found[0] * 2, {found[0]: [1, 2]}).tolist() == [2, 4]
