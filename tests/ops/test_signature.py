"""The textual signatures of ops."""

import re
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build
from flowc.ops.signature import parse


@pytest.mark.parametrize(
    ("brackets", "ranks"),
    [
        ("", (0, None)),
        ("[]", (0, 0)),
        ("[:]", (1, 1)),
        ("[:,:]", (2, 2)),
        ("[:?]", (0, 1)),
        ("[...,:,:]", (2, None)),
    ],
)
def test_ranks(brackets: str, ranks: tuple[int, int | None]) -> None:
    signature = parse(f"F(x: N*T{brackets}, y: int32; N: int, T: type) -> z: T")
    assert signature.inputs[0].ranks == ranks
    assert signature.inputs[1].ranks == (0, None)
    assert signature.inputs[0].number_attr == "N"


def test_a_wrong_rank_names_the_operand() -> None:
    x = tf.placeholder(tf.int64, [None, 3])
    with pytest.raises(ValueError, match=r"SparseReorder.*be rank 1 but is rank 2: input_values"):
        build("SparseReorder", x, x, [3, 3])


def test_a_wrong_rank_that_is_only_known_when_it_runs() -> None:
    x = tf.placeholder(tf.float32)
    result = tf.matmul(x, x)
    with (
        tf.Session() as session,
        pytest.raises(tf.errors.InvalidArgumentError, match=r"at least rank 2 but is rank 1: x"),
    ):
        session.run(result, {x: [1.0, 2.0]})


@pytest.mark.parametrize(
    ("op_type", "inputs", "attributes", "message"),
    [
        ("Cumsum", (np.ones((2, 5)), 2), {}, r"Expected scan axis in the range \[-2, 2\)"),
        ("Cumprod", (np.ones((2, 5)), [0]), {}, "scan axis must be a scalar"),
        ("Bucketize", ([1, 2],), {"boundaries": [0.0, 8.0, 3.0]}, "Expected sorted boundaries"),
    ],
)
def test_what_a_kernel_refuses_is_found_when_it_runs(
    op_type: str, inputs: tuple[Any, ...], attributes: dict[str, Any], message: str
) -> None:
    made = build(op_type, *inputs, **attributes)
    with (
        tf.Session() as session,
        pytest.raises(tf.errors.InvalidArgumentError, match=message),
    ):
        session.run(made)


def test_operands_that_do_not_fit_are_either_error() -> None:
    for kind in (ValueError, tf.errors.InvalidArgumentError):
        with pytest.raises(kind, match="delta must be a scalar"):
            build("AdjustHue", np.ones((2, 2, 3), np.float32), [0.5])


def test_scalars_are_stacked_instead() -> None:
    axis = tf.placeholder(tf.int32)
    with pytest.raises(ValueError, match=r"Can't concatenate scalars \(use tf.stack instead\)"):
        tf.concat([tf.constant(1), tf.constant(2)], axis)


@pytest.mark.parametrize("values", [[1, 2, 3], [[5], [3]]])
def test_values_that_are_as_many_as_no_indices(values: Any) -> None:
    made = tf.sparse_to_dense(tf.placeholder_with_default([1, 3], None), [5], values, 0)
    shape = str(list(np.shape(values))).replace(" ", "")
    wanted = f"sparse_values has incorrect shape {shape}, should be [] or [2]"
    with (
        tf.Session() as session,
        pytest.raises(tf.errors.InvalidArgumentError, match=re.escape(wanted)),
    ):
        session.run(made)
