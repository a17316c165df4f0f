import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.ir.errors import DataLossError, InvalidArgumentError
from flowc.runtime.checkpoint.slices import (
    TensorSlice,
    assemble,
    parse_shape_and_slice,
    parts_of,
    slice_key,
)

ROWS = TensorSlice((0, 0), (2, -1))


@pytest.mark.parametrize("text", ["10 20 0,5:-", "3 1,2", "4 5 6 -:-:-", "7 0,0"])
def test_text_form(text: str) -> None:
    shape, part = parse_shape_and_slice(text)
    assert f"{' '.join(map(str, shape))} {part}" == text
    assert TensorSlice.from_proto(part.to_proto()) == part


@pytest.mark.parametrize(
    "text", ["", "10 0,11", "10 20 0,5", "10 -1,2", "10 0,-2", "x 0,1", "10", "10 5", "10 1,2,3"]
)
def test_wrong_text(text: str) -> None:
    with pytest.raises(InvalidArgumentError):
        parse_shape_and_slice(text)


# The key's order is that of name, rank, and then start and length of each dimension.
_BOUND = 2**63 - 1
extents = st.tuples(st.integers(0, _BOUND), st.integers(-1, _BOUND))


@given(st.lists(extents, max_size=3), st.lists(extents, max_size=3))
def test_order_of_keys(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    def key(extents: list[tuple[int, int]]) -> bytes:
        return slice_key(
            "v", TensorSlice(tuple(s for s, _ in extents), tuple(n for _, n in extents))
        )

    assert ((len(a), a) < (len(b), b)) == (key(a) < key(b))


@given(st.text(), st.text())
def test_order_of_names(a: str, b: str) -> None:
    whole = TensorSlice((), ())
    assert (a.encode() < b.encode()) == (slice_key(a, whole) < slice_key(b, whole))


def test_a_key_as_tensorflow_writes_it() -> None:
    part = TensorSlice((0, 64), (-1, 8192))
    assert slice_key("v", part) == b"\0v\0\x01\x01\x02" + b"\x80\x7f" + b"\xc0\x40" + b"\xe0\x20\0"


def test_parts_make_the_whole() -> None:
    parts = [(ROWS, np.ones((2, 3))), (TensorSlice((2, 0), (2, 3)), np.full((2, 3), 2.0))]
    box = TensorSlice.all_of((4, 3))
    assert parts_of("v", (4, 3), [part for part, _ in parts], box) == [part for part, _ in parts]
    whole = assemble((4, 3), box, np.dtype(np.float64), parts)
    assert whole[:, 0].tolist() == [1, 1, 2, 2]


def test_a_slice_across_parts() -> None:
    counting = np.arange(12.0).reshape(4, 3)
    parts = [(ROWS, counting[:2]), (TensorSlice((2, 0), (2, 3)), counting[2:])]
    box = TensorSlice((1, 1), (2, 1))
    assert parts_of("v", (4, 3), [part for part, _ in parts], box) == [part for part, _ in parts]
    assert assemble((4, 3), box, counting.dtype, parts).tolist() == [[4.0], [7.0]]


def test_only_what_is_asked_for_must_be_there() -> None:
    box = TensorSlice((1, 0), (1, -1))
    other = TensorSlice((3, 0), (1, -1))
    assert parts_of("v", (4, 3), [ROWS, other], box) == [ROWS]
    with pytest.raises(DataLossError, match="do not make up"):
        parts_of("v", (4, 3), [ROWS, other], TensorSlice((1, 0), (3, -1)))


@pytest.mark.parametrize(
    "others",
    [
        [],  # a gap
        [TensorSlice((1, 0), (2, 3))],  # an overlap of the right size
        [ROWS],  # the same once more
        [TensorSlice((2, 0), (2, 2))],  # a gap in a row
    ],
)
def test_parts_that_do_not_cover(others: list[TensorSlice]) -> None:
    with pytest.raises(DataLossError, match="do not make up"):
        parts_of("v", (4, 3), [ROWS, *others], TensorSlice.all_of((4, 3)))


def test_empty_parts() -> None:
    empty = [TensorSlice((0, 0), (0, -1)), TensorSlice((0, 0), (-1, -1))]
    assert parts_of("v", (0, 3), empty, TensorSlice.all_of((0, 3))) == []
