"""`contrib.lookup`: tables of a vocabulary, by their older names."""

from __future__ import annotations

from typing import Any

from flowc.frontend.conversion import convert
from flowc.frontend.functions.lookups import (
    KeyValueTensorInitializer,
    StaticHashTable,
    StaticVocabularyTable,
    TextFileIndex,
    TextFileInitializer,
)
from flowc.frontend.functions.lookups import MutableHashTable as _MutableHashTable
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.shaping import size
from flowc.ir import dtypes
from flowc.ir.dtypes import as_dtype


def _table(initializer: Any, num_oov_buckets: int, default_value: int, name: str | None) -> Any:
    if num_oov_buckets < 0:
        raise ValueError(f"num_oov_buckets must be greater or equal than 0, got {num_oov_buckets}.")
    if num_oov_buckets:
        return StaticVocabularyTable(initializer, num_oov_buckets, name=name)
    return StaticHashTable(initializer, default_value, name)


def _numbered(mapping: Any, dtype: Any) -> tuple[Any, Any]:
    keys = convert(mapping, dtype, "keys")
    from flowc.frontend.functions.filling import range_

    return keys, cast(range_(size(keys)), dtypes.int64)


def index_table_from_tensor(
    mapping: Any,
    num_oov_buckets: int = 0,
    default_value: int = -1,
    hasher_spec: Any = None,
    dtype: Any = dtypes.string,
    name: str | None = None,
) -> Any:
    """A table from the elements of a vector to their places.

    Others get `default_value`, or with `num_oov_buckets` a hash behind the vocabulary. Raises
    ValueError where there is no vocabulary.
    """
    if mapping is None:
        raise ValueError("mapping must be specified.")
    keys, places = _numbered(mapping, as_dtype(dtype))
    initializer = KeyValueTensorInitializer(keys, places)
    return _table(initializer, num_oov_buckets, default_value, name)


def index_table_from_file(
    vocabulary_file: Any,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: int = -1,
    hasher_spec: Any = None,
    key_dtype: Any = dtypes.string,
    name: str | None = None,
) -> Any:
    """A table from the lines of a file to their numbers; see `index_table_from_tensor`."""
    initializer = TextFileInitializer(
        vocabulary_file,
        key_dtype,
        TextFileIndex.WHOLE_LINE,
        dtypes.int64,
        TextFileIndex.LINE_NUMBER,
        vocab_size,
    )
    return _table(initializer, num_oov_buckets, default_value, name)


def index_to_string_table_from_tensor(
    mapping: Any, default_value: str = "UNK", name: str | None = None
) -> Any:
    """A table from places to the elements of a vector of strings."""
    if mapping is None:
        raise ValueError("mapping must be specified.")
    keys, places = _numbered(mapping, dtypes.string)
    return StaticHashTable(KeyValueTensorInitializer(places, keys), default_value, name)


def index_to_string_table_from_file(
    vocabulary_file: Any,
    vocab_size: int | None = None,
    default_value: str = "UNK",
    name: str | None = None,
) -> Any:
    """A table from the numbers of lines to the lines of a file."""
    initializer = TextFileInitializer(
        vocabulary_file,
        dtypes.int64,
        TextFileIndex.LINE_NUMBER,
        dtypes.string,
        TextFileIndex.WHOLE_LINE,
        vocab_size,
    )
    return StaticHashTable(initializer, default_value, name)


class HashTable(StaticHashTable):
    """A table that its initializer fills, once; `init` is the operation that does."""

    def __init__(
        self,
        initializer: Any,
        default_value: Any,
        shared_name: str | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(initializer, default_value, name or shared_name)

    @property
    def init(self) -> Any:
        """The operation that fills the table."""
        return self.initializer


MutableHashTable = _MutableHashTable
