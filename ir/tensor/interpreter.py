"""The reference interpreter: tensor IR on NumPy arrays, one instruction after the other.

It is the oracle of every test, so it is written to be obviously right: each instruction is its
primitive's `evaluate`, each region a function of arrays. The builder uses the same functions to
follow values that describe shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

import numpy as np

from flowc.ir import dims, errors
from flowc.ir.denormals import flushed
from flowc.ir.errors import InternalError, InvalidArgumentError
from flowc.ir.tensor.attributes import map_attribute_dims, map_dims
from flowc.ir.tensor.core import (
    ArgumentDim,
    ArgumentElement,
    Computation,
    Counted,
    Derived,
    Instruction,
    Message,
    Module,
    TensorType,
    Value,
)
from flowc.ir.tensor.primitive import PRIMITIVES, Array, Region
from flowc.ir.tensor.primitives.control import CheckFailed

_DEADLINE: ContextVar[float | None] = ContextVar("deadline", default=None)

Sizes = Mapping[str, int]
Environment = MutableMapping[Value, Array]


class OutOfTime(Exception):
    """The time limit has passed."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise OutOfTime when what is interpreted inside goes on for longer."""
    token = _DEADLINE.set(monotonic() + seconds)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def run(module: Module, arguments: Sequence[Array]) -> tuple[Array, ...]:
    """The results of the module for these arguments.

    Raises InvalidArgumentError where an argument does not fit its parameter or a guard does not
    hold, and the error of its message where a `check` fails.
    """
    sizes = bind_symbols(module, arguments)
    for guard in module.guards:
        equal = dims.evaluate(guard.left, sizes) == dims.evaluate(guard.right, sizes)
        if equal != guard.equal:
            raise InvalidArgumentError(None, None, f"{module.name}: guard {guard} does not hold")
    for number, (parameter, array) in enumerate(
        zip(module.main.parameters, arguments, strict=True)
    ):
        _expect_type(parameter.type, array, sizes, f"argument {number} of {module.name}")
    try:
        with flushed():
            return call(module.main, arguments, {}, sizes)
    except CheckFailed as failure:
        message = module.messages[failure.code - 1]
        text = words(message, failure, sizes) or message.text
        raise getattr(errors, message.error)(None, None, text) from None


def words(message: Message, failure: CheckFailed, sizes: Sizes) -> str:
    """What the evidence tells of a failed check; empty where there is none."""
    evidence, values = message.evidence, failure.values or {}
    if evidence is None or any(value not in values for value in evidence.values):
        return ""
    arrays = [values[value] for value in evidence.values]
    return evidence.tell(*arrays, *(dims.evaluate(d, sizes) for d in evidence.sizes))


def bind_symbols(module: Module, arguments: Sequence[Array]) -> dict[str, int]:
    """Each symbol's value, read from the arguments. Raises InvalidArgumentError."""
    count = len(module.main.parameters)
    if len(arguments) != count:
        raise InvalidArgumentError(
            None, None, f"{module.name} takes {count} arguments, not {len(arguments)}"
        )
    try:
        sizes: dict[str, int] = {}
        for symbol, source in module.symbols.items():
            if isinstance(source, Derived):
                sizes[symbol.name] = source.evaluate(sizes)
            elif isinstance(source, Counted):
                sizes[symbol.name] = dims.evaluate(source.limit, sizes)
            else:
                sizes[symbol.name] = _read_symbol(source, arguments)
        return sizes
    except IndexError as error:
        raise InvalidArgumentError(None, None, f"{module.name}: {error}") from None


def _read_symbol(source: ArgumentDim | ArgumentElement, arguments: Sequence[Array]) -> int:
    if isinstance(source, ArgumentDim):
        return int(arguments[source.argument].shape[source.axis])
    return int(arguments[source.argument].reshape(-1)[source.index])


def _expect_type(type_: TensorType, array: Array, sizes: Sizes, what: str) -> None:
    shape = map_dims(type_.shape, lambda d: dims.evaluate(d, sizes))
    if array.dtype != type_.dtype.numpy or array.shape != shape:
        raise InvalidArgumentError(
            None, None, f"{what} is {array.dtype}{list(array.shape)}, expected {type_}"
        )


def call(
    computation: Computation,
    arguments: Sequence[Array],
    outer: Mapping[Value, Array],
    sizes: Sizes | None,
) -> tuple[Array, ...]:
    """The results of a computation. `outer` holds the values that it may capture.

    With `sizes`, symbols in attributes are replaced by them, those that the code counts are put
    there, and each result is checked against its type; without, arrays may hold dimensions.
    """
    environment = dict(outer)
    environment.update(zip(computation.parameters, arguments, strict=True))
    deadline = _DEADLINE.get()
    try:
        for instruction in computation.instructions:
            if deadline is not None and monotonic() > deadline:
                raise OutOfTime
            results = evaluate(instruction, environment, sizes)
            environment.update(zip(instruction.results, results, strict=True))
    except CheckFailed as failure:
        failure.values = failure.values or environment  # the innermost one, which knows most
        raise
    return tuple(environment[value] for value in computation.results)


def evaluate(
    instruction: Instruction, environment: Environment, sizes: Sizes | None
) -> tuple[Array, ...]:
    """The results of one instruction whose operands are in `environment`."""
    primitive = PRIMITIVES[instruction.primitive]
    attributes = instruction.attributes
    operands = [environment[operand] for operand in instruction.operands]
    if sizes is not None:
        if instruction.primitive == "measure":
            assert isinstance(sizes, MutableMapping)
            sizes[str(attributes["size"])] = int(operands[0])
        attributes = map_attribute_dims(attributes, lambda d: dims.evaluate(d, sizes))
    regions = [region_function(r, environment, sizes) for r in instruction.regions]
    results = primitive.evaluate(operands, attributes, regions)
    if sizes is not None:
        _check_results(instruction, results, sizes)
    return results


def _check_results(instruction: Instruction, results: Sequence[Array], sizes: Sizes) -> None:
    """Inference and evaluation must agree: a difference is a fault of the primitive."""
    for type_, array in zip(instruction.types, results, strict=True):
        shape = map_dims(type_.shape, lambda d: dims.evaluate(d, sizes))
        if array.shape != shape or array.dtype != type_.dtype.numpy:
            raise InternalError(
                None,
                None,
                f"{instruction.primitive} ({instruction.location}) gave "
                f"{array.dtype}{list(array.shape)}, its type is {type_}",
            )


def region_function(
    region: Computation, outer: Mapping[Value, Array], sizes: Sizes | None
) -> Region:
    """The region as a function of arrays.

    One whose parameters are all scalars also maps over arrays of one shape, as `reduce` needs it.
    """
    scalars = all(not p.type.shape for p in region.parameters)

    def function(*arrays: Array) -> tuple[Array, ...]:
        shapes = {array.shape for array in arrays}
        if not scalars or shapes <= {()}:
            return call(region, arrays, outer, sizes)
        (shape,) = shapes
        if _is_elementwise(region):
            results = call(region, arrays, outer, None)
            return tuple(np.broadcast_to(result, shape) for result in results)
        return _each(region, arrays, outer, sizes)

    return function


def _is_elementwise(region: Computation) -> bool:
    return all(
        PRIMITIVES[i.primitive].elementwise or i.primitive == "constant"
        for i in region.instructions
    )


def _each(
    region: Computation, arrays: Sequence[Array], outer: Mapping[Value, Array], sizes: Sizes | None
) -> tuple[Array, ...]:
    """A scalar region of any primitives, one element at a time."""
    shape = arrays[0].shape
    results = [np.empty(shape, value.type.dtype.numpy) for value in region.results]
    for position in np.ndindex(shape):
        scalars = [np.asarray(array[position]) for array in arrays]
        for result, value in zip(results, call(region, scalars, outer, sizes), strict=True):
            result[position] = value
    return tuple(results)
