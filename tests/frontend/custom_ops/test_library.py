"""Ops in C: libraries that are right, and libraries that are not."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc import custom_ops

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
EXAMPLE = Path(__file__).parents[3] / "examples" / "c_op" / "moving_average.c"

Compile = Callable[..., Path]


@pytest.fixture
def compiled(tmp_path: Path) -> Compile:
    """A function that makes a library of C code."""

    def compile_(source: str, name: str = "ops") -> Path:
        file, library = tmp_path / f"{name}.c", tmp_path / f"{name}.so"
        file.write_text(source)
        assert COMPILER is not None
        flags = ["-shared", "-fPIC", "-O1", "-std=c99", "-Wall", "-Wextra", "-Werror"]
        include = f"-I{custom_ops.include_dir()}"
        subprocess.run([COMPILER, *flags, include, "-o", library, file], check=True)
        return library

    return compile_


SCALE = r"""
#include "flowc_op.h"

static int shape(flowc_call *call) {
    return flowc_same_shape(&call->outputs[0], &call->inputs[0]);
}

static int compute(flowc_call *call) {
    const float *x = call->inputs[0].data;
    float *y = call->outputs[0].data, by = (float)flowc_float(call, "by", 1.0);
    if (by == 0) return flowc_fail(call, FLOWC_OUT_OF_RANGE, "%s must not be %d", "by", 0);
    for (int64_t i = 0; i < flowc_elements(&call->inputs[0]); ++i) y[i] = by * x[i];
    return FLOWC_OK;
}

static const flowc_op ops[] = {
    {"ScaleInC(x: float32; by: float = 2.0) -> y: float32", shape, compute, 0},
};
FLOWC_OPS(ops)
"""


def run(fetches: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(fetches, feeds)


@needs_compiler
def test_call(compiled: Compile) -> None:
    path = compiled(SCALE)
    module = tf.load_op_library(path)
    assert tf.load_op_library(str(path)) is module
    x = tf.placeholder(tf.float32, [None, 2])
    y = module.scale_in_c(x + 1.0, by=3.0, name="scaled")
    assert y.op.type == "ScaleInC" and y.shape.as_list() == [None, 2]
    assert run(y - 1.0, {x: [[0, 1], [2, 3]]}).tolist() == [[2, 5], [8, 11]]
    unknown = tf.placeholder(tf.float32)
    assert run(module.scale_in_c(unknown), {unknown: 4.0}) == 8.0
    assert run(module.scale_in_c(unknown), {unknown: np.zeros((0, 3))}).shape == (0, 3)


@needs_compiler
def test_gradient(compiled: Compile) -> None:
    module = tf.load_op_library(compiled(SCALE))

    @tf.RegisterGradient("ScaleInC")
    def _(op: Any, grad: Any) -> Any:
        return grad * op.get_attr("by")

    x = tf.constant([1.0, 2.0])
    (dx,) = tf.gradients(module.scale_in_c(tf.square(x), by=5.0), [x])
    assert run(dx).tolist() == [10.0, 20.0]


@needs_compiler
def test_errors_of_the_library(compiled: Compile) -> None:
    module = tf.load_op_library(compiled(SCALE))
    y = module.scale_in_c(tf.constant([1.0]), by=0.0, name="s")
    with pytest.raises(tf.errors.OutOfRangeError, match="ScaleInC 's': by must not be 0"):
        run(y)


EVERYTHING = r"""
#include "flowc_op.h"

static int shape(flowc_call *call) {
    call->outputs[0].rank = 1;
    call->outputs[0].shape[0] = call->num_inputs;
    return flowc_same_shape(&call->outputs[1], &call->inputs[0]);
}

static int compute(flowc_call *call) {
    const flowc_attribute *sizes = flowc_find(call, "sizes"), *text = flowc_find(call, "text");
    const flowc_attribute *rates = flowc_find(call, "rates"), *form = flowc_find(call, "form");
    int64_t *counts = call->outputs[0].data;
    for (int32_t i = 0; i < call->num_inputs; ++i)
        counts[i] = flowc_elements(&call->inputs[i]);
    if (flowc_int(call, "T", 0) != call->inputs[0].dtype)
        return flowc_fail(call, FLOWC_INTERNAL, "T");
    if (sizes->count != 2 || sizes->ints[1] != -3 || rates->count != 1 || rates->floats[0] != 0.5)
        return flowc_fail(call, FLOWC_INTERNAL, "lists");
    if (text->count != 4 || strcmp(text->s, "h\303\251j") != 0)
        return flowc_fail(call, FLOWC_INTERNAL, "text %d", text->count);
    if (form->count != 2 || form->ints[0] != -1 || form->ints[1] != 4)
        return flowc_fail(call, FLOWC_INTERNAL, "form");
    if (!flowc_int(call, "flag", 0) || flowc_find(call, "nothing"))
        return flowc_fail(call, FLOWC_INTERNAL, "flag");
    memcpy(call->outputs[1].data, call->inputs[0].data,
           (size_t)flowc_elements(&call->inputs[0]) * 2);
    return FLOWC_OK;
}

static const flowc_op ops[] = {
    {"AllKinds(x: N*T; N: int >= 1, T: {float16, bfloat16}, sizes: list(int), flag: bool,"
     " rates: list(float), text: string, form: shape) -> counts: int64, first: T",
     shape, compute, FLOWC_STATEFUL},
};
FLOWC_OPS(ops)
"""


@needs_compiler
@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_lists_and_attributes(compiled: Compile, dtype: Any) -> None:
    module = tf.load_op_library(compiled(EVERYTHING))
    x = [tf.cast([[1.5, 2.0]], dtype), tf.cast(3.0, dtype)]
    counts, first = module.all_kinds(
        x, sizes=[2, -3], flag=True, rates=[0.5], text="h\u00e9j", form=[None, 4]
    )
    assert counts.shape.as_list() == [2] and first.shape.as_list() == [1, 2]
    found = run([counts, tf.cast(first, tf.float32)])
    assert found[0].tolist() == [2, 1] and found[1].tolist() == [[1.5, 2.0]]


# Libraries that are not right


def test_no_library(tmp_path: Path) -> None:
    with pytest.raises(tf.errors.NotFoundError, match="no such file"):
        tf.load_op_library(tmp_path / "absent.so")
    (tmp_path / "text.so").write_text("not a library")
    with pytest.raises(tf.errors.NotFoundError, match="not a library for this machine"):
        tf.load_op_library(tmp_path / "text.so")


@needs_compiler
@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        (
            "FLOWC_OPS(ops)",
            "int unused(void) { return ops[0].flags; }",
            tf.errors.NotFoundError,
            "undefined symbol flowc_op_abi_version",
        ),
        ("float32; by", "floaty; by", tf.errors.InvalidArgumentError, "op 0 .*not an op signature"),
        ("ScaleInC(x", "scale(x", tf.errors.InvalidArgumentError, "begins with a capital letter"),
        ("ScaleInC", "Relu", tf.errors.AlreadyExistsError, "op Relu is already defined"),
        (
            '"ScaleInC(x: float32; by: float = 2.0) -> y: float32"',
            "0",
            tf.errors.InvalidArgumentError,
            "is NULL",
        ),
        ("x: float32;", "x: string;", tf.errors.InvalidArgumentError, "'x' may be of a type"),
        ("by: float = 2.0", "T: type", tf.errors.InvalidArgumentError, "'x' may be of a type"),
        ("by: float = 2.0", "f: func", tf.errors.InvalidArgumentError, "func attributes"),
        (
            "compute, 0},",
            'compute, 0}, {"ScaleInC(x: int8) -> y: int8", shape, compute, 0},',
            tf.errors.AlreadyExistsError,
            "ScaleInC is in the table twice",
        ),
    ],
)
def test_tables_that_are_refused(
    compiled: Compile, old: str, new: str, error: type[Exception], message: str
) -> None:
    source = SCALE.replace(old, new)
    if new == "T: type":
        source = source.replace("x: float32;", "x: T;")
    with pytest.raises(error, match=message):
        tf.load_op_library(compiled(source))
    assert "scale_in_c" in vars(tf.load_op_library(compiled(SCALE, "right")))  # nothing is left


@needs_compiler
def test_another_version_of_the_interface(compiled: Compile) -> None:
    source = SCALE.replace('#include "flowc_op.h"', "")
    header = (Path(custom_ops.include_dir()) / "flowc_op.h").read_text()
    newer = header.replace("FLOWC_OP_ABI_VERSION 1", "FLOWC_OP_ABI_VERSION 2")
    with pytest.raises(tf.errors.FailedPreconditionError, match=r"version 2 .* has version 1"):
        tf.load_op_library(compiled(newer + source))


@needs_compiler
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("call->outputs[0].rank = 99; return FLOWC_OK;", "leaves rank 99 to output 0"),
        ("(void)call; return FLOWC_OK;", "leaves rank -1 to output 0"),
        ('return flowc_fail(call, FLOWC_INVALID_ARGUMENT, "no shape for you");', "no shape for"),
    ],
)
def test_shape_functions_that_are_wrong(compiled: Compile, body: str, message: str) -> None:
    source = SCALE.replace("return flowc_same_shape(&call->outputs[0], &call->inputs[0]);", body)
    module = tf.load_op_library(compiled(source))
    with pytest.raises(ValueError, match=f"ScaleInC '.*': .*{message}"):
        module.scale_in_c(tf.placeholder(tf.float32, [2]))
    x = tf.placeholder(tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"ScaleInC '.*': .*{message}"):
        run(module.scale_in_c(x), {x: [1.0]})


@needs_compiler
def test_a_size_that_is_never_known(compiled: Compile) -> None:
    body = "call->outputs[0].rank = 1; call->outputs[0].shape[0] = -1; return FLOWC_OK;"
    source = SCALE.replace("return flowc_same_shape(&call->outputs[0], &call->inputs[0]);", body)
    y = tf.load_op_library(compiled(source)).scale_in_c(tf.constant([1.0]))
    assert y.shape.as_list() == [None]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"gives output 0 shape \[-1\]"):
        run(y)


@needs_compiler
def test_the_example(compiled: Compile) -> None:
    module = tf.load_op_library(compiled(EXAMPLE.read_text(), "moving_average"))
    x = np.arange(8, dtype=np.float32)
    found = run(module.moving_average(tf.constant(x), window=3))
    np.testing.assert_allclose(found, np.convolve(x, np.ones(3) / 3, "valid"), rtol=1e-6)
