"""Every invariant of loop IR has a kernel that breaks it."""

import pytest

from flowc.ir.errors import InternalError
from flowc.ir.loops.parser import parse_kernel
from flowc.ir.loops.verifier import verify_kernel

HEAD = "kernel k(b0: float32[n], b1: int32[n], b2: bool[n]) {\n"

CASES = {
    "store b0[0] = 1:int32": "a int32 is stored in b0: float32",
    "serial i0 < 3 {\n}\nstore b0[i0] = 1.0:float32": "used outside of its loop",
    "serial i0 < 3 {\nserial i0 < 3 {\n}\n}": "loop index i0 is not unique",
    "vector(width=3) i0 < n {\n}": "width 3 is no power of 2",
    "vector(width=4) i0 < n {\nvector(width=4) i1 < n {\n}\n}": "is inside a vector loop",
    "vector(width=4) i0 < n {\nserial i1 < i0 {\n}\n}": "differs between the lanes",
    "vector(width=4) i0 < n {\nif true:bool {\n}\n}": "an If is inside a vector loop",
    "vector(width=4) i0 < n {\nparallel i1 < n {\n}\n}": "is not inside serial loops only",
    "unrolled i0 < n {\n}": "has no constant extent",
    "let v0: float32 = 1:int32": "variable v0: float32 is bound to a int32",
    "let v0: int32 = 1:int32\nlet v0: int32 = 1:int32": "variable v0 is bound twice",
    "if load b1[0] {\n}": "condition of an If is not a bool",
    "store b0[0] = load b0[0; load b0[0]]": "data-dependent position in 'b0' is not an integer",
    "store b0[0] = load b0[0] where load b1[0]": "mask of 'b0' is not a bool",
    "store b0[0] = add(load b0[0], 1:int32)": "'add' of float32 has an operand of type int32",
    "store b0[0] = popcnt(load b0[0])": "'popcnt' of float32",
    "store b0[0] = invert(load b0[0], load b0[0])": "unknown operator 'invert'",
    "store b1[0] = bitcast<int32>(load b2[0])": "bitcast of bool to int32",
    "store b0[0] = select(load b1[0], load b0[0], load b0[0])": "predicate of a select",
    "multiply_tile(rows=1, columns=4) b0[0; 4] += b1[0; 1, 1] * b0[0; 4] depth[1] valid[4] "
    "accumulate true:bool": "the buffers of a MultiplyTile differ in type",
    "vector(width=4) i0 < n {\ncarry v0: int32 = 0:int32\nnext v0\n} results v1: int32":
        "carries values without a combiner",
    "serial i0 < n {\ncarry v0: int32 = 0:int32\nnext load b0[i0]\n} results v1: int32":
        "carried v0: int32 becomes a float32",
    "parallel i0 < n {\ncarry v0: int32 = 0:int32\nnext v0\n} results v1: int32":
        "carries values",
    "free i0 < n {\ncarry v0: int32 = 0:int32\nnext v0\n} results v1: int32":
        "free loop i0 carries values",
    "reduced i0 < n {\ncarry v0: int32 = 0:int32\nnext v0\n} results v1: int32":
        "reduced loop i0 carries no values that have a combiner",
    "reduced i0 < n {\n}": "reduced loop i0 carries no values that have a combiner",
}  # fmt: skip


@pytest.mark.parametrize("body", CASES)
def test_invariant(body: str) -> None:
    kernel = parse_kernel(HEAD + body + "\n}")
    with pytest.raises(InternalError) as caught:
        verify_kernel(kernel)
    assert CASES[body] in str(caught.value)
    assert "in 'k'" in str(caught.value)


def test_variables_end_with_their_scope() -> None:
    text = HEAD + "serial i0 < n {\nlet v0: float32 = 1.0:float32\n}\nstore b0[0] = v0\n}"
    with pytest.raises(InternalError, match="variable v0 is not in scope"):
        verify_kernel(parse_kernel(text))
