"""`tf.lookup`: tables, and what fills them."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.collections import GraphKeys
from flowc.frontend.composites import SparseTensor
from flowc.frontend.conversion import convert
from flowc.frontend.functions.mathematics import equal
from flowc.frontend.functions.selection import where_v2
from flowc.frontend.functions.shaping import Name
from flowc.frontend.functions.strings import as_string, string_to_hash_bucket_fast
from flowc.frontend.scopes import name_scope
from flowc.frontend.stacks import get_default_graph
from flowc.ir import dtypes
from flowc.ir.dtypes import DType, as_dtype


class TextFileIndex:
    """What a table from a text file takes of a line, beside its columns 0, 1 ..."""

    WHOLE_LINE = -2
    LINE_NUMBER = -1


class KeyValueTensorInitializer:
    """Fills a table with keys and values."""

    def __init__(
        self,
        keys: Any,
        values: Any,
        key_dtype: Any = None,
        value_dtype: Any = None,
        name: Name = None,
    ) -> None:
        with name_scope(name, "key_value_init", [keys, values]):
            self._keys = convert(keys, key_dtype and as_dtype(key_dtype), "keys")
            self._values = convert(values, value_dtype and as_dtype(value_dtype), "values")

    @property
    def key_dtype(self) -> DType:
        """The keys' element type."""
        return as_dtype(self._keys.dtype)

    @property
    def value_dtype(self) -> DType:
        """The values' element type."""
        return as_dtype(self._values.dtype)

    def initialize(self, table: Any) -> Any:
        """The operation that fills a table; it is one of `tf.tables_initializer`'s."""
        op = build("InitializeTableV2", table.resource_handle, self._keys, self._values)
        get_default_graph().add_to_collection(GraphKeys.TABLE_INITIALIZERS, op)
        return op


class TextFileInitializer:
    """Fills a table with what is in the lines of a text file; see `TextFileIndex`."""

    def __init__(
        self,
        filename: Any,
        key_dtype: Any,
        key_index: int,
        value_dtype: Any,
        value_index: int,
        vocab_size: int | None = None,
        delimiter: str = "\t",
        name: Name = None,
    ) -> None:
        if key_index < TextFileIndex.WHOLE_LINE or value_index < TextFileIndex.WHOLE_LINE:
            raise ValueError(f"Invalid index: {key_index}, {value_index}.")
        if vocab_size is not None and vocab_size <= 0:
            raise ValueError(f"Invalid vocab_size {vocab_size}.")
        self.key_dtype = as_dtype(key_dtype)
        self.value_dtype = as_dtype(value_dtype)
        self._filename = convert(filename, dtypes.string, "asset_filepath")
        self._attributes = {
            "key_index": key_index,
            "value_index": value_index,
            "vocab_size": -1 if vocab_size is None else vocab_size,
            "delimiter": delimiter,
        }

    def initialize(self, table: Any) -> Any:
        """The operation that fills a table; it is one of `tf.tables_initializer`'s."""
        graph = get_default_graph()
        graph.add_to_collection(GraphKeys.ASSET_FILEPATHS, self._filename)
        attributes: dict[str, Any] = self._attributes
        op = build(
            "InitializeTableFromTextFileV2", table.resource_handle, self._filename, **attributes
        )
        graph.add_to_collection(GraphKeys.TABLE_INITIALIZERS, op)
        return op


class _Table:
    """What all tables offer: looking up, and how much there is."""

    def __init__(
        self, handle: Any, key_dtype: Any, value_dtype: Any, default_value: TensorLike
    ) -> None:
        self.resource_handle = handle
        self.key_dtype = as_dtype(key_dtype)
        self.value_dtype = as_dtype(value_dtype)
        self._default = convert(default_value, self.value_dtype, "default_value")

    @property
    def name(self) -> str:
        """The name of the table's operation."""
        name: str = self.resource_handle.op.name
        return name

    def size(self, name: Name = None) -> Any:
        """How many keys there are: an int64 scalar."""
        return build("LookupTableSizeV2", self.resource_handle, name=name)

    def lookup(self, keys: Any, name: Name = None) -> Any:
        """The values of keys, the default where a key is not there; a SparseTensor stays one.

        Raises TypeError for keys of another type. Running it raises FailedPreconditionError where
        the table is not initialized.
        """
        if isinstance(keys, SparseTensor):
            return SparseTensor(keys.indices, self.lookup(keys.values, name), keys.dense_shape)
        keys = convert(keys, None, "keys")
        if as_dtype(keys.dtype) is not self.key_dtype:
            raise TypeError(
                f"Signature mismatch. Keys must be dtype {self.key_dtype.name}, got "
                f"{keys.dtype.name}."
            )
        return build("LookupTableFindV2", self.resource_handle, keys, self._default, name=name)

    def __getitem__(self, keys: Any) -> Any:
        return self.lookup(keys)


class StaticHashTable(_Table):
    """A table that its initializer fills, once."""

    def __init__(self, initializer: Any, default_value: TensorLike, name: Name = None) -> None:
        handle = build(
            "HashTableV2",
            key_dtype=initializer.key_dtype,
            value_dtype=initializer.value_dtype,
            name=name or "hash_table",
        )
        super().__init__(handle, initializer.key_dtype, initializer.value_dtype, default_value)
        self.initializer = initializer.initialize(self)

    @property
    def default_value(self) -> Any:
        """What stands for keys that are not there."""
        return self._default


class StaticVocabularyTable:
    """Ids of strings or integers; those of other keys are hashed into buckets behind them."""

    def __init__(
        self,
        initializer: Any,
        num_oov_buckets: int,
        lookup_key_dtype: Any = None,
        name: Name = None,
    ) -> None:
        if num_oov_buckets <= 0:
            raise ValueError("oov_buckets must be > 0.")
        self._buckets = num_oov_buckets
        self._table = None if initializer is None else StaticHashTable(initializer, -1, name)
        key = self._table.key_dtype if self._table else dtypes.string
        self.key_dtype = as_dtype(lookup_key_dtype or key)
        self.value_dtype = dtypes.int64

    @property
    def initializer(self) -> Any:
        """The operation that fills the table."""
        return None if self._table is None else self._table.initializer

    def size(self, name: Name = None) -> Any:
        """How many ids there are, buckets included."""
        known: Any = 0 if self._table is None else self._table.size()
        return build("AddV2", known, convert(self._buckets, dtypes.int64), name=name)

    def lookup(self, keys: Any, name: Name = None) -> Any:
        """The ids of keys; a SparseTensor stays one. Raises TypeError for other types."""
        if isinstance(keys, SparseTensor):
            return SparseTensor(keys.indices, self.lookup(keys.values, name), keys.dense_shape)
        keys = convert(keys, None, "keys")
        if as_dtype(keys.dtype) is not self.key_dtype:
            raise TypeError(
                f"Signature mismatch. Keys must be dtype {self.key_dtype.name}, got "
                f"{keys.dtype.name}."
            )
        text = keys if self.key_dtype is dtypes.string else as_string(keys)
        hashed = string_to_hash_bucket_fast(text, self._buckets)
        if self._table is None:
            return hashed
        found = self._table.lookup(keys)
        return where_v2(equal(found, self._table.default_value), hashed + self._table.size(), found)

    def __getitem__(self, keys: Any) -> Any:
        return self.lookup(keys)


class _Mutable(_Table):
    """A table whose entries a graph changes."""

    def insert(self, keys: Any, values: Any, name: Name = None) -> Any:
        """The operation that gives keys values."""
        keys = convert(keys, self.key_dtype, "keys")
        values = convert(values, self.value_dtype, "values")
        return build("LookupTableInsertV2", self.resource_handle, keys, values, name=name)

    def remove(self, keys: Any, name: Name = None) -> Any:
        """The operation that removes keys."""
        keys = convert(keys, self.key_dtype, "keys")
        return build("LookupTableRemoveV2", self.resource_handle, keys, name=name)

    erase = remove

    def export(self, name: Name = None) -> Any:
        """All keys, and their values."""
        return build(
            "LookupTableExportV2",
            self.resource_handle,
            Tkeys=self.key_dtype,
            Tvalues=self.value_dtype,
            name=name,
        )


class MutableHashTable(_Mutable):
    """A table that starts empty; a value has the shape of `default_value`."""

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        default_value: TensorLike,
        shared_name: Any = None,
        name: Name = "MutableHashTable",
        checkpoint: bool = True,
    ) -> None:
        default = convert(default_value, as_dtype(value_dtype), "default_value")
        shape = default.shape.as_list()
        types = {"key_dtype": key_dtype, "value_dtype": value_dtype}
        more: dict[str, Any] = {"value_shape": shape} if shape else {}
        op = "MutableHashTableOfTensorsV2" if shape else "MutableHashTableV2"
        handle = build(op, shared_name=shared_name or "", name=name, **types, **more)
        super().__init__(handle, key_dtype, value_dtype, default)


class DenseHashTable(_Mutable):
    """A table that starts empty, in which `empty_key` and `deleted_key` cannot be keys."""

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        default_value: TensorLike,
        empty_key: Any,
        deleted_key: Any,
        initial_num_buckets: int | None = None,
        shared_name: Any = None,
        name: Name = "MutableDenseHashTable",
        checkpoint: bool = True,
    ) -> None:
        default = convert(default_value, as_dtype(value_dtype), "default_value")
        keys = [convert(k, as_dtype(key_dtype)) for k in (empty_key, deleted_key)]
        handle = build(
            "MutableDenseHashTableV2",
            *keys,
            value_dtype=value_dtype,
            value_shape=default.shape.as_list(),
            shared_name=shared_name or "",
            initial_num_buckets=initial_num_buckets or 131072,
            name=name,
        )
        super().__init__(handle, key_dtype, value_dtype, default)
