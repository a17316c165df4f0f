"""Statements with a body: branches, loops, maps, arrays of tensors, and the gradients of all.

A body is drawn as ordinary statements on the values that its parameters have at first, which shows
that they fit together; then it is written as a function.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from tests.fuzz.drawing import vocabulary
from tests.fuzz.drawing.drawing import FLOATS, NUMBERS, Drawing, Unfit, Value
from tests.fuzz.drawing.holes import Holes

_DEEPEST = 2


@dataclass
class Body:
    """The lines of a function's body."""

    parameters: tuple[str, ...]
    lines: list[str] = field(default_factory=list)

    def function(self, name: str, result: str) -> str:
        """The function's text."""
        inner = "\n".join([*self.lines, f"return {result}"])
        indented = "\n".join(f"    {line}" for line in inner.split("\n"))
        return f"def {name}({', '.join(self.parameters)}):\n{indented}"


@contextmanager
def _body(d: Drawing, parameters: Sequence[Value]) -> Iterator[Body]:
    """While it lasts, statements go into a body, where the parameters are known."""
    if d.depth >= _DEEPEST:
        raise Unfit
    outer_lines, outer_values = d.lines, d.values
    body = Body(tuple(p.name for p in parameters))
    d.lines, d.values, d.depth = body.lines, [*outer_values, *parameters], d.depth + 1
    try:
        yield body
    finally:
        d.lines, d.values, d.depth = outer_lines, outer_values, d.depth - 1


def _parameter(d: Drawing, text: str) -> Value:
    """A name for what a parameter is at first."""
    name = d.fresh("a")
    line = f"{name} = {text}"
    d.execute(line)
    return d.tried(name, line)


def _work(d: Drawing, result: Value, count: int = 3) -> str:
    """Some statements; a value or expression of the result's type."""
    before = len(d.values)
    for _ in range(d.random.randint(1, count)):
        if not (d.chance(0.15) and _nested(d)):
            vocabulary.step(d)
    for value in reversed(d.values[before:]):
        if value.is_alike(result):
            return value.name
    if result.dtype in FLOATS:
        for value in reversed(d.values[before:]):  # all of what was drawn in one number
            if value.dtype in NUMBERS and d.chance(0.7):
                total = f"tf.reduce_sum(tf.cast({value.name}, {result.name}.dtype))"
                return f"tf.tanh({result.name} + {total} * 0.1)"
        return f"tf.tanh({result.name} * 1.1 + 0.1)"
    return result.name


def _nested(d: Drawing) -> bool:
    """Whether a further block could be drawn inside of a body."""
    try:
        d.choose(branch, loop)(d)
    except Unfit:
        return False
    return True


def _statement(d: Drawing, lines: Sequence[str], name: str) -> Value:
    return d.add("", line="\n".join(lines), name=name)


def branch(d: Drawing) -> Value:
    """`tf.cond` or `tf.case` over values from outside."""
    predicate = Holes(d).fill(
        d.choose(
            "tf.reduce_any({bool})",
            "tf.reduce_sum(tf.cast({number}, tf.float32)) > 0.5",
            "tf.size({number}) > 6",
            "tf.less(tf.shape({any:1+})[0], 3)",
        )
    )
    x = d.pick(lambda v: v.dtype in NUMBERS and not v.name.startswith("w"))
    lines, names = [], []
    for _ in range(2):
        names.append(d.fresh("f"))
        with _body(d, []) as body:
            result = _work(d, x)
            body.lines.append(f"r0 = tf.identity({result})")
            lines.append(body.function(names[-1], "r0"))
    name = d.fresh()
    return _statement(d, [*lines, f"{name} = tf.cond({predicate}, {', '.join(names)})"], name)


def loop(d: Drawing) -> Value:
    """`tf.while_loop` over a counter and one or two values."""
    x = d.pick(lambda v: v.dtype in NUMBERS)
    limit = d.choose("0", "1", "3", "3", f"tf.minimum(tf.size({x.name}), 4)")
    carried = [_parameter(d, x.name)]
    if d.chance(0.5):
        carried.append(_parameter(d, d.pick(lambda v: v.dtype in FLOATS).name))
    counter = _parameter(d, "tf.constant(0)")
    with _body(d, [counter, *carried]) as body:
        results = [_work(d, c) for c in carried]
        function = d.fresh("f")
        text = body.function(function, f"({', '.join([f'{counter.name} + 1', *results])})")
    name = d.fresh()
    unused = ", ".join(["i", *(f"c{n}" for n in range(len(carried)))])
    initial = ", ".join(["tf.constant(0)", x.name, *(_first(d, c) for c in carried[1:])])
    place = d.random.randint(1, len(carried))
    call = f"{name} = tf.while_loop(lambda {unused}: i < {limit}, {function}, [{initial}])[{place}]"
    return _statement(d, [text, call], name)


def _first(d: Drawing, parameter: Value) -> str:
    """The name of an outer value that has the parameter's type."""
    return d.pick(parameter.is_alike).name


def mapped(d: Drawing) -> Value:
    """`tf.map_fn` over rows."""
    x = d.pick(lambda v: v.dtype in FLOATS and v.rank > 0)
    row = _parameter(d, f"tf.reduce_sum({x.name}, 0)")
    with _body(d, [row]) as body:
        result = _work(d, row)
        function = d.fresh("f")
        text = body.function(function, result)
    name = d.fresh()
    return _statement(d, [text, f"{name} = tf.map_fn({function}, {x.name})"], name)


def scanned(d: Drawing) -> Value:
    """`tf.scan` or `tf.foldl`, the result of one row going into the next."""
    x = d.pick(lambda v: v.dtype in FLOATS and v.rank > 0)
    start = f"tf.zeros_like(tf.reduce_sum({x.name}, 0))"
    state, row = _parameter(d, start), _parameter(d, f"tf.reduce_mean({x.name}[:1], 0)")
    with _body(d, [state, row]) as body:
        result = _work(d, state)
        function = d.fresh("f")
        text = body.function(function, f"{result} * 0.5 + {row.name}")
    name = d.fresh()
    call = f"tf.{d.choose('scan', 'foldl', 'foldr')}({function}, {x.name}, {start})"
    return _statement(d, [text, f"{name} = {call}"], name)


def array(d: Drawing) -> Value:
    """A `TensorArray` that a loop writes and others read."""
    x = d.pick(lambda v: v.dtype in FLOATS)
    names = [d.fresh("f"), d.fresh(), d.fresh()]
    body = [
        f"def {names[0]}(i, array):",
        f"    return i + 1, array.write(i, {x.name} * tf.cast(i + 1, {x.name}.dtype))",
        f"{names[1]} = tf.TensorArray({x.name}.dtype, {d.choose('3', '0, dynamic_size=True')})",
        f"{names[1]} = tf.while_loop(lambda i, _: i < 3, {names[0]}, [0, {names[1]}])[1]",
        f"{names[2]} = {names[1]}.{d.choose('stack()', 'read(1)', 'concat()')}",
    ]
    return _statement(d, body, names[2])


def recurrent(d: Drawing) -> Value:
    """A recurrent network over time, with weights of its own."""
    x = d.pick(lambda v: v.dtype == "float32" and v.rank == 3 and v.shape[2] is not None)
    name, units = d.fresh(), d.choose(1, 3)
    cell = d.choose("BasicRNNCell", "GRUCell", "LSTMCell")
    start = "tf.random_uniform_initializer(-0.5, 0.5, seed=1)"
    lengths = d.choose("None", f"tf.range(tf.shape({x.name})[0]) % (tf.shape({x.name})[1] + 1)")
    line = (
        f"with tf.variable_scope('rnn_{name}', initializer={start}):\n"
        f"    {name} = tf.nn.dynamic_rnn(tf.nn.rnn_cell.{cell}({units}), {x.name},"
        f" {lengths}, dtype=tf.float32)[0]"
    )
    d.execute(f"{line}\ninitial = tf.global_variables_initializer()")
    d.session.run(d.names["initial"])
    value = replace(d.tried(name, line), is_fed=False)
    d.lines.append(line)
    d.values.append(value)
    return value


BLOCKS = (branch, branch, loop, loop, mapped, scanned, array, recurrent)
