"""Variables of both kinds, gradients and optimizers."""

from __future__ import annotations

from dataclasses import replace

from tests.fuzz.drawing.drawing import FLOATS, Drawing, Unfit, Value

_OPTIMIZERS = (
    "GradientDescentOptimizer(0.1)",
    "MomentumOptimizer(0.1, 0.9)",
    "MomentumOptimizer(0.05, 0.9, use_nesterov=True)",
    "AdamOptimizer(0.01)",
    "RMSPropOptimizer(0.01)",
    "AdagradOptimizer(0.1)",
)


def variable(d: Drawing) -> Value:
    """A new variable of either kind, initialised with data."""
    name = d.fresh("w")
    shape = tuple(d.choose(1, 2, 3, 4, 8) for _ in range(d.random.randint(0, 3)))
    dtype = d.choose("float32", "float32", "float32", "float64", "int32")
    line = (
        f"{name} = tf.get_variable({name!r}, initializer=data({shape}, {dtype!r}, {d.number()}),"
        f" use_resource={d.chance(0.5)})"
    )
    d.execute(line)
    d.session.run(d.names[name].initializer)
    d.lines.append(line)
    value = replace(d.tried(name, line), sources=frozenset([name]), is_fed=False)
    d.values.append(value)
    d.variables.append(name)
    return value


def loss(d: Drawing) -> Value:
    """A scalar of several values."""
    found = [v for v in d.values if v.dtype in FLOATS]
    if not found:
        raise Unfit
    chosen = d.random.sample(found, min(len(found), d.random.randint(1, 4)))
    ways = ("tf.tanh({})", "tf.square({})", "tf.sigmoid({})", "{}")
    terms = [
        f"tf.reduce_{d.choose('sum', 'mean')}(tf.cast({d.choose(*ways).format(v.name)},"
        " tf.float32))"
        for v in chosen
    ]
    return d.add(" + ".join(terms))


def gradients(d: Drawing) -> Value:
    """The gradients of a scalar or of everything, by some placeholders, variables or values."""
    y = loss(d) if d.chance(0.7) else d.pick(lambda v: v.dtype == "float32")
    inputs = _differentiable(d, y)
    first = [v for v in inputs if v.name in d.inputs or v.name in d.variables]
    if not first:
        raise Unfit
    chosen = d.random.sample(first, d.random.randint(1, min(3, len(first))))
    if d.chance(0.2):
        chosen.append(d.choose(*inputs))
    name, names = d.fresh(), ", ".join(v.name for v in chosen)
    line = (
        f"{name} = [tf.convert_to_tensor(g) for g in tf.gradients({y.name}, [{names}])"
        " if g is not None]"
    )
    d.execute(line)
    parts = [_part(d, f"{name}[{place}]", y) for place in range(len(d.names[name]))]
    kept = [(text, value) for text, value in parts if value is not None]
    if not kept:
        raise Unfit
    d.lines += [line, *(text for text, _ in kept)]
    d.values += [value for _, value in kept]
    return d.values[-1]


def _differentiable(d: Drawing, y: Value) -> list[Value]:
    """What y may depend on."""
    found = [v for v in d.values if v.dtype in ("float32", "float64") and v is not y]
    return [v for v in found if v.sources & y.sources]


def _part(d: Drawing, text: str, y: Value) -> tuple[str, Value | None]:
    """A gradient as a statement and a value, which is found from the placeholders on."""
    name = d.fresh()
    line = f"{name} = {text}"
    try:
        d.execute(line)
        arrays = tuple(d.evaluate(name, d.feeds(run), line) for run in range(d.runs))
        value = Value(name, arrays, y.sources, is_fed=False)
        d.require_usable(value)
    except Unfit:
        return line, None
    return line, value


def training(d: Drawing) -> tuple[str, ...]:
    """A step of an optimizer: names to fetch, the loss among them."""
    if not d.variables:
        raise Unfit
    y = loss(d)
    weights = [v for v in d.variables if v in y.sources and d.names[v].dtype.is_floating]
    if not weights:
        raise Unfit
    name = d.fresh("t")
    line = f"{name} = tf.train.{d.choose(*_OPTIMIZERS)}.minimize({y.name})"
    d.execute(line)
    d.lines.append(line)
    return (name, y.name)


def updates(d: Drawing) -> tuple[str, ...]:
    """Assignments to a variable and readings between them, in an order that edges fix."""
    if not d.variables:
        raise Unfit
    name = d.choose(*d.variables)
    w = next(v for v in d.values if v.name == name)
    other = [v for v in d.values if v.is_alike(w) and not v.sources & set(d.variables)]
    fetches, before = [], ""
    for _ in range(d.random.randint(1, 3)):
        read, update = d.fresh("r"), d.fresh("u")
        amount = d.choose(*other).name if other and d.chance(0.6) else f"tf.ones_like({read}) * 2"
        how = d.choose("assign", "assign_add", "assign_sub")
        lines = [
            f"with tf.control_dependencies([{before}]):",
            f"    {read} = {name} * 1",
            f"with tf.control_dependencies([{read}]):",
            f"    {update} = tf.{how}({name}, {amount})",
        ]
        d.execute("\n".join(lines))
        d.lines.append("\n".join(lines))
        fetches.append(read)
        before = update
    return (*fetches, before)
