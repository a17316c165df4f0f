"""What must hold of every module between passes.

Each value is defined before it is used and in a computation that may see it; each instruction's
types are those that its primitive infers; each dimension's symbols have a source. The error shows
the lines around the fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from functools import cached_property

from flowc.ir import dims
from flowc.ir.dims import Symbol
from flowc.ir.errors import OpError
from flowc.ir.tensor.attributes import symbolic_dims
from flowc.ir.tensor.core import (
    ArgumentDim,
    Computation,
    Counted,
    Derived,
    Instruction,
    Module,
    TensorType,
    Value,
)
from flowc.ir.tensor.equalities import Equalities, guarded
from flowc.ir.tensor.primitive import PRIMITIVES
from flowc.ir.tensor.primitives.common import listing
from flowc.ir.tensor.printer import Printer

CAPTURING = frozenset({"while", "case"})
CONTEXT = 5  # lines shown before and after the fault


class VerificationError(Exception):
    """A module breaks a rule of tensor IR: a fault of the compiler."""


class _Fault(Exception):
    def __init__(self, place: Instruction | Computation, message: str) -> None:
        super().__init__(message)
        self.place = place


def verify(module: Module) -> None:
    """Raises VerificationError."""
    try:
        symbols = frozenset(module.symbols)
        _Verifier(module).computation(module.main, set())
        _verify_interface(module, symbols)
    except _Fault as fault:
        raise VerificationError(_explain(module, fault)) from None


def _verify_interface(module: Module, symbols: Set[Symbol]) -> None:
    main, before = module.main, set[Symbol]()
    for symbol, source in module.symbols.items():
        if isinstance(source, Derived):
            _expect_symbols(main, (source.definition,), before, f"symbol {symbol}")
            before.add(symbol)
            continue
        if isinstance(source, Counted):
            _expect_symbols(main, (source.limit,), before, f"symbol {symbol}")
            before.add(symbol)
            continue
        before.add(symbol)
        if source.argument >= len(main.parameters):
            raise _Fault(main, f"symbol {symbol}: there is no argument {source.argument}")
        type_ = main.parameters[source.argument].type
        if isinstance(source, ArgumentDim) and source.axis >= type_.rank:
            raise _Fault(main, f"symbol {symbol}: {type_} has no axis {source.axis}")
        if not isinstance(source, ArgumentDim) and not type_.dtype.is_integer:
            raise _Fault(main, f"symbol {symbol}: {type_} has no integers")
    for guard in module.guards:
        for side in (guard.left, guard.right):
            _expect_symbols(main, (side,), symbols, f"guard {guard}")
    for result, argument in module.donated.items():
        if not (0 <= result < len(main.results) and 0 <= argument < len(main.parameters)):
            raise _Fault(main, f"result {result} cannot take the memory of argument {argument}")
    if len(set(module.donated.values())) != len(module.donated):
        raise _Fault(main, "two results take the memory of one argument")


def _expect_symbols(
    place: Instruction | Computation, values: object, symbols: Set[Symbol], what: str
) -> None:
    for dim in symbolic_dims(values):
        unknown = dims.symbols(dim) - symbols
        if unknown:
            raise _Fault(place, f"{what}: symbol {min(unknown)} has no source")


class _Verifier:
    """One walk over the module; `seen` makes sure that no instruction stands in two places."""

    def __init__(self, module: Module) -> None:
        self.symbols = frozenset(module.symbols)
        self.messages = len(module.messages)
        self.guards = module.guards
        self.seen: set[object] = set()

    def computation(self, computation: Computation, visible: set[Value]) -> None:
        """Check a computation that may also use the values in `visible`."""
        scope = set(visible)
        for parameter in computation.parameters:
            self._once(computation, parameter)
            self._type(computation, parameter.type)
        scope.update(computation.parameters)
        for instruction in computation.instructions:
            self.instruction(instruction, scope)
            scope.update(instruction.results)
        self._defined(computation, computation.results, scope)

    def instruction(self, instruction: Instruction, scope: set[Value]) -> None:
        """Check one instruction whose visible values are `scope`."""
        self._once(instruction, instruction)
        if instruction.primitive not in PRIMITIVES:
            raise _Fault(instruction, f"there is no primitive {instruction.primitive}")
        self._defined(instruction, instruction.operands, scope)
        _expect_symbols(instruction, instruction.attributes, self.symbols, "attributes")
        for type_ in instruction.types:
            self._type(instruction, type_)
        for region in instruction.regions:
            self.computation(region, scope if instruction.primitive in CAPTURING else set())
        self._inferred(instruction)
        if instruction.primitive == "check" and not (
            0 < instruction.attributes["code"] <= self.messages
        ):
            raise _Fault(instruction, f"there is no message {instruction.attributes['code']}")

    def _once(self, place: Instruction | Computation, item: object) -> None:
        if item in self.seen:
            raise _Fault(place, "this stands in two places of the module")
        self.seen.add(item)

    def _type(self, place: Instruction | Computation, type_: TensorType) -> None:
        if not type_.dtype.is_numeric:
            raise _Fault(place, f"tensors of {type_.dtype.name} do not exist")
        if any(isinstance(d, int) and d < 0 for d in type_.shape):
            raise _Fault(place, f"{type_} has a negative dimension")
        _expect_symbols(place, type_.shape, self.symbols, str(type_))

    def _defined(
        self, place: Instruction | Computation, values: Iterable[Value], scope: set[Value]
    ) -> None:
        for number, value in enumerate(values):
            if value not in scope:
                raise _Fault(place, f"value {number} is not defined before, or not visible here")

    def _inferred(self, instruction: Instruction) -> None:
        try:
            types = PRIMITIVES[instruction.primitive].infer(
                [v.type for v in instruction.operands],
                instruction.attributes,
                instruction.regions,
            )
        except OpError as error:
            raise _Fault(instruction, error.message) from None
        except KeyError as error:
            raise _Fault(instruction, f"attribute {error} is missing") from None
        if types != instruction.types and not self._are_equal(types, instruction.types):
            raise _Fault(
                instruction,
                f"the type is ({listing(instruction.types)}), inferred is ({listing(types)})",
            )

    def _are_equal(self, left: Sequence[TensorType], right: Sequence[TensorType]) -> bool:
        """Whether types are equal by what derived symbols stand for, and by the guards."""
        pairs = list(zip(left, right, strict=False))
        if len(left) != len(right) or any(a.dtype is not b.dtype for a, b in pairs):
            return False
        return all(self.equalities.are_equal(a.shape, b.shape) for a, b in pairs)

    @cached_property
    def equalities(self) -> Equalities:
        """What the guards say."""
        return guarded(self.guards)


def _explain(module: Module, fault: _Fault) -> str:
    """The message over the lines around the fault, which an arrow marks."""
    try:
        printer = Printer()
        printer.module(module)
    except Exception as error:  # the fault may be one that cannot even be printed
        return f"{module.name}: {fault}\n(the module cannot be printed: {error!r})"
    line = printer.line_of.get(fault.place, 0)
    first, last = max(0, line - CONTEXT), min(len(printer.lines), line + CONTEXT + 1)
    shown = [
        f"{'-->' if number == line else '   '} {number + 1:4} {printer.lines[number]}"
        for number in range(first, last)
    ]
    return "\n".join([f"{module.name}, line {line + 1}: {fault}", *shown])
