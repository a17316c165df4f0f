"""The most that an expression can be, against all that it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol

COUNT, OTHER = Symbol("c"), Symbol("m")
LIMITS = {COUNT: dims.symbol("n")}
c, m, n = dims.as_dim(COUNT), dims.as_dim(OTHER), dims.symbol("n")

EXPRESSIONS: list[Dim] = [
    7,
    m,
    c,
    3 * c + 1,
    n - c,
    c * m - 2 * c,
    c * c + m,
    dims.floordiv(c + 5, 4),
    dims.maximum(c - 3, 0) * 2,
    dims.minimum(c, m) + n,
    dims.mod(c, 5),
    10 - dims.mod(c, 3),
    dims.ceildiv(12 * c, 64) * 64,
]


@given(st.sampled_from(EXPRESSIONS), st.integers(0, 9), st.integers(0, 9), st.data())
def test_nothing_is_above_the_limit(value: Dim, n: int, m: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, n))
    limit = dims.upper(value, LIMITS)
    assert COUNT not in dims.symbols(limit)
    assert dims.evaluate(value, {"c": count, "n": n, "m": m}) <= dims.evaluate(
        limit, {"n": n, "m": m}
    )


def test_a_limit_is_reached_where_the_expression_grows() -> None:
    assert dims.upper(3 * c + 1, LIMITS) == 3 * n + 1
    assert dims.upper(n - c, LIMITS) == n


@pytest.mark.parametrize("value", [dims.floordiv(n, c), dims.mod(n, c), c * (dims.mod(n, 7) - 3)])
def test_what_has_no_known_limit(value: Dim) -> None:
    if value == c * dims.mod(n, 7) - 3 * c:
        assert dims.upper(value, LIMITS) == n * dims.mod(n, 7)
        return
    with pytest.raises(dims.Unlimited):
        dims.upper(value, LIMITS)
