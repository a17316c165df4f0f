"""`load_op_library`: ops whose kernels are C functions of a shared library (see `flowc_op.h`)."""

from __future__ import annotations

import ctypes
import inspect
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from flowc.codegen.cpu.memory import aligned_empty
from flowc.frontend.custom_ops.definitions import define, require_definable, snake_case
from flowc.frontend.custom_ops.interface import (
    ABI_VERSION,
    MAX_RANK,
    STATEFUL,
    AttributeValue,
    OpEntry,
    Operands,
    attribute_values,
    invoke,
)
from flowc.ir.denormals import flushed
from flowc.ir.errors import (
    AlreadyExistsError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
)
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ops.calling import argument_dtypes
from flowc.ops.common import abstract
from flowc.ops.registry import OpDefinition

Array = np.ndarray[Any, Any]
_MOST_OPS = 10_000  # a table that is longer is none
_SUPPORTED = (
    "int",
    "bool",
    "type",
    "float",
    "string",
    "shape",
    "list(int)",
    "list(float)",
    "list(bool)",
    "list(type)",
)
_libraries: dict[str, ModuleType] = {}


def include_dir() -> str:
    """The folder of `flowc_op.h`, for a C compiler's -I."""
    return str(Path(__file__).parent)


def load_op_library(library_filename: str | os.PathLike[str]) -> ModuleType:
    """The ops of a shared library: a module with a function for each, `ZeroOut` as `zero_out`.

    A library that is loaded again gives the same module. Raises NotFoundError where there is no
    such library or it is none of flowc's, FailedPreconditionError where it was made for another
    version of the interface, InvalidArgumentError for a table that is not valid, and
    AlreadyExistsError for an op that is defined already. Then none of its ops is defined.
    """
    path = os.path.realpath(library_filename)
    if path not in _libraries:
        _libraries[path] = _module(path, _definitions(path, _open(path)))
    return _libraries[path]


def _open(path: str) -> ctypes.CDLL:
    if not os.path.exists(path):
        raise NotFoundError(None, None, f"{path}: cannot open shared object file: no such file")
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise NotFoundError(
            None, None, f"{path}: not a library for this machine: {error}"
        ) from error
    for symbol in ("flowc_op_abi_version", "flowc_op_table"):
        if not hasattr(library, symbol):
            raise NotFoundError(
                None,
                None,
                f"{path}: undefined symbol {symbol}: the library has no FLOWC_OPS (see flowc_op.h)",
            )
    library.flowc_op_abi_version.restype = ctypes.c_int32
    version = library.flowc_op_abi_version()
    if version != ABI_VERSION:
        message = (
            f"{path}: made for version {version} of flowc_op.h, this flowc has version "
            f"{ABI_VERSION}: compile it again with {include_dir()}/flowc_op.h"
        )
        raise FailedPreconditionError(None, None, message)
    return library


def _definitions(path: str, library: ctypes.CDLL) -> list[OpDefinition]:
    """The ops of the table, all of them checked before any is entered."""
    library.flowc_op_table.restype = ctypes.POINTER(OpEntry)
    count = ctypes.c_int32(-1)
    table = library.flowc_op_table(ctypes.byref(count))
    if not table or not 0 <= count.value <= _MOST_OPS:
        raise InvalidArgumentError(None, None, f"{path}: no table of {count.value} ops")
    found: list[OpDefinition] = []
    for number in range(count.value):
        try:
            found.append(_definition(table[number], library))
        except (ValueError, UnicodeDecodeError) as error:
            message = f"{path}: op {number} of the table: {error}"
            raise InvalidArgumentError(None, None, message) from error
    names = [definition.name for definition in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise AlreadyExistsError(None, None, f"{path}: op {twice} is in the table twice")
    return found


def _definition(entry: OpEntry, library: ctypes.CDLL) -> OpDefinition:
    if not entry.signature or not entry.shape or not entry.compute:
        raise ValueError("the signature, the shape function or the compute function is NULL")
    definition = OpDefinition(
        entry.signature.decode(), stateful=bool(entry.flags & STATEFUL), allocates=True
    )
    require_definable(definition)
    signature = definition.signature
    for attribute in signature.attributes:
        if attribute.type not in _SUPPORTED:
            raise ValueError(f"{attribute.type} attributes such as {attribute.name!r} have no form")
    for argument in (*signature.inputs, *signature.outputs):
        declared = signature.attribute(argument.type_attr)
        allowed = declared.allowed if declared is not None else (argument.dtype,)
        numeric = all(d is not None and d.kind != "opaque" and d != "string" for d in allowed)
        if argument.is_ref or not allowed or not numeric:
            raise ValueError(
                f"{argument.name!r} may be of a type that C does not get: name numeric types"
            )
    functions = _Functions(definition, entry, library)
    definition.host, definition.abstract = functions.kernel(), functions.inference()
    return definition


def _module(path: str, definitions: Sequence[OpDefinition]) -> ModuleType:
    module = ModuleType(Path(path).stem, f"The ops of {path}.")
    module.__file__ = path
    for definition in definitions:
        setattr(module, snake_case(definition.name), define(definition))
    return module


class _Functions:
    """The two functions of an op, in the form that the op set has."""

    def __init__(self, definition: OpDefinition, entry: OpEntry, library: ctypes.CDLL) -> None:
        self.definition = definition
        self.shape, self.compute = entry.shape, entry.compute
        self.library = library  # stays loaded as long as its functions are held
        self.attributes = definition.signature.attributes

    def kernel(self) -> Any:
        """The host kernel: shapes first, then the elements."""

        def run(*inputs: Any, **attrs: Any) -> list[Array]:
            arrays = [np.asarray(array, order="C") for array in _flat(inputs)]
            values = attribute_values(self.attributes, attrs)
            operands = self._inputs([array.shape for array in arrays], attrs)
            shapes = self._shapes(operands, len(arrays), values, attrs)
            for number, shape in enumerate(shapes):
                known = all(size >= 0 for size in shape)
                require(known, f"the shape function gives output {number} shape {list(shape)}")
            types = argument_dtypes(self.definition.signature.outputs, attrs)
            results = [aligned_empty(s, t.numpy) for s, t in zip(shapes, types, strict=True)]
            outputs = Operands(types, shapes, room=False)
            operands.point_to(arrays)
            outputs.point_to(results)
            with flushed():
                self._invoke(self.compute, operands, outputs, (len(arrays), len(results)), values)
            return results

        return self._with_attributes(run)

    def inference(self) -> Any:
        """Static shape inference: the shape function on sizes of which some are not known."""

        def run(b: Builder, *inputs: Any, **attrs: Any) -> list[Value]:
            shapes = [b.shape(value) for value in _flat(inputs)]
            sizes = [tuple(d if isinstance(d, int) else -1 for d in shape) for shape in shapes]
            values = attribute_values(self.attributes, attrs)
            found = self._shapes(self._inputs(sizes, attrs), len(sizes), values, attrs)
            types = argument_dtypes(self.definition.signature.outputs, attrs)
            return [
                abstract(b, dtype, *(None if size < 0 else size for size in shape))
                for dtype, shape in zip(types, found, strict=True)
            ]

        return self._with_attributes(run)

    def _with_attributes(self, function: Any) -> Any:
        """The function, with a signature that asks for all attributes by keyword."""
        parameters = [inspect.Parameter("inputs", inspect.Parameter.VAR_POSITIONAL)]
        parameters += [
            inspect.Parameter(a.name, inspect.Parameter.KEYWORD_ONLY) for a in self.attributes
        ]
        function.__signature__ = inspect.Signature(parameters)
        return function

    def _inputs(self, shapes: Sequence[Sequence[int]], attrs: Mapping[str, Any]) -> Operands:
        require(all(len(s) <= MAX_RANK for s in shapes), f"more than {MAX_RANK} dimensions")
        types = argument_dtypes(self.definition.signature.inputs, attrs)
        return Operands(types, shapes, room=False)

    def _shapes(
        self,
        inputs: Operands,
        count: int,
        values: ctypes.Array[AttributeValue],
        attrs: Mapping[str, Any],
    ) -> list[tuple[int, ...]]:
        types = argument_dtypes(self.definition.signature.outputs, attrs)
        outputs = Operands(types, [()] * len(types), room=True)
        self._invoke(self.shape, inputs, outputs, (count, len(types)), values)
        return outputs.shapes(len(types))

    def _invoke(
        self,
        function: Any,
        inputs: Operands,
        outputs: Operands,
        counts: tuple[int, int],
        values: ctypes.Array[AttributeValue],
    ) -> None:
        invoke(function, inputs, outputs, counts, values, len(self.attributes))


def _flat(inputs: Sequence[Any]) -> list[Any]:
    """Inputs one after the other, lists among them taken apart."""
    flat: list[Any] = []
    for value in inputs:
        flat.extend(value) if isinstance(value, list) else flat.append(value)
    return flat
