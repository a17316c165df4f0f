"""`tf.contrib.lookup`: tables of keys and values, by their older names."""

from flowc.frontend.api.contrib_absent import absent
from flowc.frontend.contrib.lookups import (
    HashTable,
    MutableHashTable,
    index_table_from_file,
    index_table_from_tensor,
    index_to_string_table_from_file,
    index_to_string_table_from_tensor,
)
from flowc.frontend.functions.lookups import DenseHashTable as MutableDenseHashTable
from flowc.frontend.functions.lookups import (
    KeyValueTensorInitializer,
    TextFileIndex,
    TextFileInitializer,
)

__all__ = [
    "HashTable",
    "KeyValueTensorInitializer",
    "MutableDenseHashTable",
    "MutableHashTable",
    "TextFileIndex",
    "TextFileInitializer",
    "index_table_from_file",
    "index_table_from_tensor",
    "index_to_string_table_from_file",
    "index_to_string_table_from_tensor",
]

__getattr__ = absent("contrib.lookup", __all__)
