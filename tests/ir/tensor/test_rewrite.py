"""The machinery of passes: rebuilding, inlining, users and order."""

from __future__ import annotations

import numpy as np

from flowc.ir import dims, dtypes
from flowc.ir.dims import Symbol
from flowc.ir.tensor.assumptions import Specialising
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import ArgumentDim, Module, Parameter, TensorType, Value
from flowc.ir.tensor.interpreter import run
from flowc.ir.tensor.rewrite import (
    Rebuilder,
    captures,
    clone,
    post_order,
    substitute_dims,
    use_counts,
    users,
    with_instructions,
)
from flowc.ir.tensor.verifier import verify

N = dims.symbol("n")


def looped() -> tuple[Builder, Parameter, Value, tuple[Value, ...]]:
    """A loop that captures `scale`, and its parts."""
    b = Builder(Specialising({"n": 2}))
    x = Parameter(TensorType(dtypes.float32, (N,)))
    scale = b.tanh(x)
    results = b.while_(
        lambda i, t: b.lt(i, 2),
        lambda i, t: (b.add(i, 1), b.multiply(t, scale)),
        [b.scalar(0, dtypes.int32), x],
    )
    return b, x, scale, results


def test_unchanged_is_the_same_object() -> None:
    b, x, _, results = looped()
    main = b.computation([x], results)
    assert Rebuilder().computation(main) is main
    assert substitute_dims(main, lambda d: d) is main


def test_replacing_a_value_reaches_into_regions_only_where_it_is_used() -> None:
    b, x, scale, results = looped()
    main = b.computation([x], results)
    rebuilder = Rebuilder()
    rebuilder.replace(scale, x)
    new = rebuilder.computation(main)
    (old_loop,) = (i for i in main.instructions if i.primitive == "while")
    (loop,) = (i for i in new.instructions if i.primitive == "while")
    assert loop.regions[0] is old_loop.regions[0]
    assert captures(loop.regions[1]) == [x]
    module = Module("f", new, {Symbol("n"): ArgumentDim(0, 0)})
    verify(module)
    result = run(module, [np.array([2, 3], np.float32)])[1]
    assert result.tolist() == [8, 27]


def test_substituting_dims() -> None:
    b, x, _, results = looped()
    main = substitute_dims(b.computation([x], results), lambda d: 3)
    assert main.parameters[0].type.shape == (3,)
    verify(Module("f", main))


def test_users_and_counts() -> None:
    b, x, scale, results = looped()
    main = b.computation([x], results)
    tanh, loop = main.instructions[0], main.instructions[-1]
    assert users(main)[x] == [tanh, loop]
    assert users(main)[scale] == [loop]
    assert results[1] not in users(main)
    assert use_counts(main)[scale] == 1
    assert use_counts(main)[results[1]] == 1


def test_post_order() -> None:
    b, x, scale, results = looped()
    unused = b.negate(x)
    main = b.computation([x], results)
    order = post_order(main.results)
    assert unused not in [r for i in order for r in i.results]
    assert set(order) == set(main.instructions[:-1])
    verify(Module("f", with_instructions(main, order), {Symbol("n"): ArgumentDim(0, 0)}))
    assert [i.primitive for i in post_order([scale])] == ["tanh"]
    assert post_order([scale], stop=[scale]) == []


def test_inlining_twice() -> None:
    b = Builder(Specialising({}))
    type_ = TensorType(dtypes.float32, (2,))
    body = b.region([type_], lambda x: b.add(b.multiply(x, x), 1))
    x = Parameter(type_)
    first, (once,) = clone(body, {body.parameters[0]: x})
    second, (twice,) = clone(body, {body.parameters[0]: once})
    main = b.computation([x], [twice])
    module = Module("f", with_instructions(main, [*first, *second]))
    verify(module)
    assert run(module, [np.array([1, 2], np.float32)])[0].tolist() == [5, 26]
