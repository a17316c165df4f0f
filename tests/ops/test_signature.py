"""The textual signatures of ops."""

import pytest

import flowc as tf
from flowc.frontend.apply import build
from flowc.ir.ops.signature import parse


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
    with pytest.raises(ValueError, match=r"SparseReorder.*input_values must be a vector, but has"):
        build("SparseReorder", x, x, [3, 3])


def test_a_wrong_rank_that_is_only_known_when_it_runs() -> None:
    x = tf.placeholder(tf.float32)
    result = tf.matmul(x, x)
    with (
        tf.Session() as session,
        pytest.raises(tf.errors.InvalidArgumentError, match=r"x must be of rank 2 or more.*\[2\]"),
    ):
        session.run(result, {x: [1.0, 2.0]})
