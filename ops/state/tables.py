"""Lookup tables: keys to values, on the host.

A table lives in the session by its shared name, or by the name of its node. Its handle is the
table itself, whether the graph spells it as a resource (`HashTableV2`) or as a reference to a
string (`HashTable`); each op is one function for both spellings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.errors import FailedPreconditionError, UnimplementedError
from flowc.ir.system_errors import system_errors
from flowc.ir.tensor.builder import Builder, Handle, UnknownValue, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract, fail, show
from flowc.ops.registry import OpDefinition, host_op
from flowc.ops.resources import Place, Session, Table, TableSpec

WHOLE_LINE, LINE_NUMBER = -2, -1  # what a table from a text file may take instead of a column


def _table(context: Session, container: str, shared_name: str, spec: TableSpec) -> Table:
    return context.resources.table(Place(container, shared_name, context.node), spec)


# Making

_PLACE = 'container: string = "", shared_name: string = "", use_node_name_sharing: bool = false'
_TYPES = "key_dtype: type, value_dtype: type"
_HANDLES = (("", "ref(string)"), ("V2", "resource"))  # suffix of the op, type of the handle


def _gives_handle(definition: OpDefinition, kind: str) -> None:
    dtype = dtypes.resource if kind == "resource" else dtypes.string

    def infer(b: Builder, *inputs: Any) -> Any:
        return abstract(b, dtype) if dtype is dtypes.resource else Handle(b.location, dtype, ())

    definition.infer(infer)
    definition.not_differentiable()


def _hash_table(
    *, key_dtype: DType, value_dtype: DType, container: str, shared_name: str, context: Session
) -> Table:
    return _table(context, container, shared_name, TableSpec(key_dtype, value_dtype, fixed=True))


def _mutable(
    *, key_dtype: DType, value_dtype: DType, container: str, shared_name: str, context: Session
) -> Table:
    return _table(context, container, shared_name, TableSpec(key_dtype, value_dtype))


def _mutable_of_tensors(
    *,
    key_dtype: DType,
    value_dtype: DType,
    value_shape: tuple[int, ...],
    container: str,
    shared_name: str,
    context: Session,
) -> Table:
    require(len(value_shape) <= 1, f"Default value must be a vector, got shape {show(value_shape)}")
    spec = TableSpec(key_dtype, value_dtype, value_shape)
    return _table(context, container, shared_name, spec)


def _dense(
    empty_key: Array,
    deleted_key: Array | None = None,
    *,
    key_dtype: DType,
    value_dtype: DType,
    value_shape: tuple[int, ...],
    initial_num_buckets: int,
    max_load_factor: float,
    container: str,
    shared_name: str,
    context: Session,
) -> Table:
    buckets = initial_num_buckets
    require(
        buckets > 0 and buckets & (buckets - 1) == 0,
        f"Number of buckets must be at least 4 and a power of 2, got: {buckets}",
    )
    require(
        0 < max_load_factor < 1, f"max_load_factor must be between 0 and 1, got: {max_load_factor}"
    )
    spec = TableSpec(key_dtype, value_dtype, value_shape, empty_key.shape)
    pairs = [("empty_key", empty_key), ("deleted_key", deleted_key)]
    for name, key in pairs:
        if key is not None:
            require(
                key.shape == empty_key.shape,
                "Empty and deleted keys must have same shape, "
                f"got shapes: {show(empty_key.shape)} and {show(key.shape)}",
            )
            (element,) = spec.keys_of(key, key_dtype)
            require(element not in spec.reserved, "Empty and deleted keys cannot be equal")
            spec.reserved[element] = f"Using the {name} as a table key is not allowed"
    return _table(context, container, shared_name, spec)


_SHAPE = "value_shape: shape = []"
_BUCKETS = "initial_num_buckets: int = 131072, max_load_factor: float = 0.8"
for _version, _kind in _HANDLES:
    _end = f") -> table_handle: {_kind}"
    for _name, _more, _make in (
        ("HashTable", "", _hash_table),
        ("MutableHashTable", "", _mutable),
        ("MutableHashTableOfTensors", f", {_SHAPE}", _mutable_of_tensors),
    ):
        _text = f"{_name}{_version}(; {_PLACE}, {_TYPES}{_more}{_end}"
        _gives_handle(host_op(_text, stateful=True)(_make), _kind)
    _inputs = "empty_key: key_dtype" + (", deleted_key: key_dtype" if _version else "")
    _text = (
        f"MutableDenseHashTable{_version}({_inputs}; {_PLACE}, {_TYPES}, {_SHAPE}, {_BUCKETS}{_end}"
    )
    _gives_handle(host_op(_text, stateful=True)(_dense), _kind)


@host_op(f"AnonymousHashTable(; {_TYPES}) -> table_handle: resource", stateful=True)
def anonymous_hash_table(*, key_dtype: DType, value_dtype: DType, context: Session) -> Table:
    """A table that only this run has."""
    return context.resources.table(None, TableSpec(key_dtype, value_dtype, fixed=True))


_gives_handle(anonymous_hash_table, "resource")


# Filling


def _initialize(table: Table, keys: Array, values: Array, *, Tkey: DType, Tval: DType) -> None:
    spec = table.spec
    require(spec.fixed, "Unable to initialize a table that is not a HashTable")
    require(
        keys.ndim == 1 or keys.ndim == 0,
        f"Keys must be a vector, but received shape {show(keys.shape)}",
    )
    entries: dict[Any, Any] = {}
    pairs = zip(spec.keys_of(keys, Tkey), spec.values_of(values, Tval, keys), strict=True)
    for key, value in pairs:
        if key in entries and entries[key] != value:
            raise FailedPreconditionError(
                None,
                None,
                f"HashTable has different value for same key. Key {_shown(key)} has "
                f"{_shown(entries[key])} and trying to add value {_shown(value)}",
            )
        entries[key] = value
    table.fill(entries)


def _shown(element: Any) -> str:
    return element.decode("utf-8", "replace") if isinstance(element, bytes) else str(element)


def _initialize_from_file(
    table: Table,
    filename: Array,
    *,
    key_index: int,
    value_index: int,
    vocab_size: int,
    delimiter: str,
    offset: int,
) -> None:
    require(len(delimiter) == 1, f"delimiter must be only 1 char, got '{delimiter}'")
    name = filename.item().decode()
    lines = _lines(name)
    if offset:
        lines = lines[offset:]
    if vocab_size >= 0:
        require(
            len(lines) >= vocab_size,
            f"Invalid vocab_size in {name}: expected {vocab_size} but got {len(lines)}",
        )
        lines = lines[:vocab_size]
    entries: dict[Any, Any] = {}
    for number, line in enumerate(lines):
        columns = line.split(delimiter.encode())
        key = _column(table.spec.key, key_index, number, line, columns, name)
        value = _column(table.spec.value, value_index, number, line, columns, name)
        if key in entries and entries[key] != value:
            raise FailedPreconditionError(
                None, None, f"Duplicate key in {name}, line {number}: {_shown(key)}"
            )
        entries[key] = value
    table.fill(entries)


def _lines(name: str) -> list[bytes]:
    with system_errors(name), open(name, "rb") as file:
        return file.read().splitlines()


def _column(
    dtype: DType, index: int, number: int, line: bytes, columns: list[bytes], name: str
) -> Any:
    """A line's number, the line, or one of its columns, as an element."""
    if index == LINE_NUMBER:
        require(
            dtype is dtypes.int64, f"Key and value for line index must be int64, not {dtype.name}"
        )
        return number
    if index != WHOLE_LINE:
        require(
            index < len(columns),
            f"Invalid number of columns in {name} line {number} ({_shown(line)}) : expected "
            f"at least {index + 1} got {len(columns)}",
        )
    text = line if index == WHOLE_LINE else columns[index]
    if dtype is dtypes.string:
        return text
    try:
        return dtype.numpy.type(float(text) if dtype.is_floating else int(text)).item()
    except ValueError:
        raise fail(f"Field {_shown(text)} in line {number} is not a valid {dtype.name}.") from None


def _insert(table: Table, keys: Array, values: Array, *, Tin: DType, Tout: DType) -> None:
    if table.spec.fixed:
        raise UnimplementedError(
            None, None, "Insert not supported by InitializableLookupTable implementations"
        )
    rows = table.spec.values_of(values, Tout, keys)
    elements = table.spec.usable_keys_of(keys, Tin)
    table.entries.update(zip(elements, (np.copy(row)[()] for row in rows), strict=True))


def _import(table: Table, keys: Array, values: Array, *, Tin: DType, Tout: DType) -> None:
    if table.spec.fixed:
        _initialize(table, keys, values, Tkey=Tin, Tval=Tout)
        return
    table.entries.clear()
    _insert(table, keys, values, Tin=Tin, Tout=Tout)


def _remove(table: Table, keys: Array, *, Tin: DType) -> None:
    if table.spec.fixed:
        raise UnimplementedError(
            None, None, "Remove not supported by InitializableLookupTable implementations"
        )
    for key in table.spec.usable_keys_of(keys, Tin):
        table.entries.pop(key, None)


# Reading


def _find(table: Table, keys: Array, default_value: Array, *, Tin: DType, Tout: DType) -> Array:
    _require_initialized(table)
    spec = table.spec
    elements = spec.usable_keys_of(keys, Tin)
    require(Tout is spec.value, f"Expected value type {spec.value.name} but got {Tout.name}")
    shape = spec.shape_of_values(keys)
    require(
        default_value.shape in (spec.value_shape, shape),
        f"Expected shape {show(spec.value_shape)} or {show(shape)} for default value, got "
        f"{show(default_value.shape)}",
    )
    found = np.broadcast_to(default_value, shape).copy().reshape(-1, *spec.value_shape)
    for number, key in enumerate(elements):
        if key in table.entries:
            found[number] = table.entries[key]
    return found.reshape(shape)


def _require_initialized(table: Table) -> None:
    if not table.is_initialized:
        raise FailedPreconditionError(None, None, "Table not initialized.")


def _size(table: Table) -> Array:
    _require_initialized(table)
    return np.asarray(len(table.entries), np.int64)


def _export(table: Table, *, Tkeys: DType, Tvalues: DType) -> tuple[Array, Array]:
    _require_initialized(table)
    spec = table.spec
    require(
        (Tkeys, Tvalues) == (spec.key, spec.value),
        f"Expected {spec.key.name} and {spec.value.name}, got {Tkeys.name} and {Tvalues.name}",
    )
    count = len(table.entries)
    keys = np.empty((count, *spec.key_shape), spec.key.numpy)
    values = np.empty((count, *spec.value_shape), spec.value.numpy)
    for number, (key, value) in enumerate(table.entries.items()):
        keys[number] = np.reshape(key, spec.key_shape) if spec.key_shape else key
        values[number] = value
    return keys, values


def _infer_find(b: Builder, table: Any, keys: Value, default: Value, *, Tout: DType) -> Any:
    places, shape = b.shape(keys), b.shape(default)
    if shape:
        return UnknownValue(Tout)  # of a table of tensors, or a default for each key
    return abstract(b, Tout, *places)


def _infer_size(b: Builder, table: Any) -> Value:
    return abstract(b, dtypes.int64)


def _infer_export(b: Builder, table: Any, *, Tkeys: DType, Tvalues: DType) -> tuple[Any, Any]:
    return UnknownValue(Tkeys), UnknownValue(Tvalues)


def _nothing(b: Builder, *inputs: Any) -> None:
    return None


_FILE = 'vocab_size: int >= -1 = -1, delimiter: string = "\\t", offset: int = 0'
_FORMS: tuple[tuple[str, str, Callable[..., Any], Callable[..., Any]], ...] = (
    (
        "InitializeTable",
        ", keys: Tkey, values: Tval; Tkey: type, Tval: type)",
        _initialize,
        _nothing,
    ),
    (
        "InitializeTableFromTextFile",
        f", filename: string; key_index: int >= -2, value_index: int >= -2, {_FILE})",
        _initialize_from_file,
        _nothing,
    ),
    ("LookupTableInsert", ", keys: Tin, values: Tout; Tin: type, Tout: type)", _insert, _nothing),
    ("LookupTableImport", ", keys: Tin, values: Tout; Tin: type, Tout: type)", _import, _nothing),
    (
        "LookupTableFind",
        ", keys: Tin, default_value: Tout; Tin: type, Tout: type) -> values: Tout",
        _find,
        _infer_find,
    ),
    ("LookupTableSize", ") -> size: int64", _size, _infer_size),
    (
        "LookupTableExport",
        "; Tkeys: type, Tvalues: type) -> keys: Tkeys, values: Tvalues",
        _export,
        _infer_export,
    ),
)
for _version, _kind in _HANDLES:
    for _name, _rest, _kernel, _infer in _FORMS:
        _text = f"{_name}{_version}(table_handle: {_kind}{_rest}"
        _definition = host_op(_text, stateful=True)(_kernel)
        _definition.infer(_infer)
        _definition.not_differentiable()

_remove_definition = host_op(
    "LookupTableRemoveV2(table_handle: resource, keys: Tin[...,:]; Tin: type)", stateful=True
)(_remove)
_remove_definition.infer(_nothing)
_remove_definition.not_differentiable()
