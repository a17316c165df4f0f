"""Drawing whole programs by seed: inputs, statements, and the runs of a session."""

from __future__ import annotations

from contextlib import suppress

from tests.fuzz.drawing import blocks, state, vocabulary
from tests.fuzz.drawing.drawing import Drawing, Unfit, Value
from tests.fuzz.drawing.holes import Holes
from tests.fuzz.drawing.phrases.other import FAILING
from tests.fuzz.program import Program, Run

_DTYPES = (
    *("float32",) * 8,
    "float64",
    "float64",
    "float16",
    "bfloat16",
    "int32",
    "int32",
    "int64",
    "bool",
    "uint8",
    "int8",
    "int16",
    "complex64",
)
# Shapes of inputs: `B` and `T` are sizes that change from run to run.
_SHAPES = (
    "",
    "3",
    "B",
    "B",
    "B,4",
    "B,4",
    "B,7",
    "4,6",
    "B,T",
    "T,B",
    "B,T,3",
    "B,5,7,3",
    "2,8,9,4",
    "1,B,3",
    "B,1",
    "3,B,5",
    "1,T,2",
    "B,B",
    "B,17",
    "2,2,T,3,1",
    "8,33",
)
_CHANGING = (0, 1, 1, 2, 3, 4, 5, 6, 8, 9, 16, 17)


def draw(seed: int, tf: object) -> Program:
    """The program of a seed, the same on every machine."""
    d = Drawing(seed, tf)
    d.wild = d.chance(0.15)
    d.runs = d.choose(1, 2, 2, 3)
    least = 0 if d.chance(0.15) else 1
    sizes = [_sizes(d, least) for _ in range(d.runs)]
    for _ in range(d.random.randint(2, 4)):
        _input(d, sizes)
    for _ in range(d.choose(0, 0, 1, 2)):
        state.variable(d)
    for _ in range(d.random.randint(4, 30)):
        with suppress(Unfit):
            _any_step(d)
    steps = _steps(d)
    runs = [_reading(d, run) for run in range(d.runs)]
    if steps:
        feeds = _feeds(d, 0)
        runs[1:1] = [Run(fetches, feeds) for fetches in steps]
        runs.append(Run(tuple(d.variables), feeds))
    for kind in (_feeding_inside, _failing):
        if d.chance(0.15):
            with suppress(Unfit):
                runs.append(kind(d))
    d.session.close()
    return Program(tuple(d.lines), tuple(runs), seed)


def _sizes(d: Drawing, least: int) -> dict[str, int]:
    choices = [n for n in _CHANGING if n >= least]
    return {"B": d.choose(*choices), "T": d.choose(*choices)}


def _input(d: Drawing, sizes: list[dict[str, int]]) -> None:
    """A placeholder, of which more or less is known."""
    pattern = d.choose(*_SHAPES)
    parts = [p for p in pattern.split(",") if p]
    dtype = d.choose(*_DTYPES) if d.inputs else "float32"
    way = d.choose("batch", "batch", "batch", "rank", "nothing", "part", "static")
    name = d.fresh("x")
    line = f"{name} = tf.placeholder(tf.{dtype}, {_static(d, parts, way, sizes)})"
    number, wild = d.number(), ", True" if d.wild else ""
    shapes = [tuple(s[p] if p in s else int(p) for p in parts) for s in sizes]
    d.inputs[name] = tuple(f"data({s}, {dtype!r}, {number}{wild})" for s in shapes)
    d.execute(line)
    arrays = tuple(d.feeds(run)[name] for run in range(d.runs))
    d.lines.append(line)
    d.values.append(Value(name, arrays, frozenset([name])))


def _static(d: Drawing, parts: list[str], way: str, sizes: list[dict[str, int]]) -> object:
    """What is said of a placeholder's shape: what changes is unknown, and maybe more."""
    if way == "nothing":
        return None
    shape: list[int | None] = []
    for part in parts:
        known = None
        if part.isdigit():
            known = int(part)
        elif way == "static" and len({s[part] for s in sizes}) == 1:
            known = sizes[0][part]
        hidden = way == "rank" or (way == "part" and d.chance(0.5))
        shape.append(None if hidden else known)
    return shape


def _any_step(d: Drawing) -> None:
    kind = d.random.random()
    if kind < 0.06:
        d.choose(*blocks.BLOCKS)(d)
    elif kind < 0.10:
        state.gradients(d)
    else:
        vocabulary.step(d)


def _feeds(d: Drawing, run: int) -> tuple[tuple[str, str], ...]:
    return tuple((name, texts[run]) for name, texts in d.inputs.items())


def _reading(d: Drawing, run: int) -> Run:
    """Some of the values, the last one among them."""
    found = [v.name for v in d.values if v.name not in d.inputs]
    chosen = d.random.sample(found, min(len(found), d.random.randint(2, 8)))
    return Run(tuple(dict.fromkeys([*chosen, *found[-1:]])), _feeds(d, run))


def _steps(d: Drawing) -> list[tuple[str, ...]]:
    """What runs between the readings and changes variables."""
    steps = []
    for _ in range(d.choose(1, 2) if d.variables else 0):
        with suppress(Unfit):
            step = d.choose(state.training, state.updates)(d)
            steps += [step] * d.choose(1, 2)
    return steps


def _feeding_inside(d: Drawing) -> Run:
    """A run in which a tensor in the middle of the program is fed."""
    v = d.pick(lambda v: v.is_fed and v.name not in d.inputs and v.dtype != "object")
    shape = v.arrays[0].shape
    feed = (v.name, f"data({shape}, {v.dtype!r}, {d.number()})")
    later = [o.name for o in d.values[d.values.index(v) + 1 :]]
    if not later:
        raise Unfit
    chosen = d.random.sample(later, min(len(later), 4))
    return Run(tuple(chosen), (*_feeds(d, 0), feed))


def _failing(d: Drawing) -> Run:
    """A run that ends in an error, mostly: every way in the same one."""
    name = d.fresh()
    line = f"{name} = {Holes(d).fill(d.choose(*FAILING))}"
    d.execute(line)
    d.lines.append(line)
    return Run((name,), _feeds(d, 0))
