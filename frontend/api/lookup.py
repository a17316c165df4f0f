"""`tf.lookup`: tables of keys and values."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.api import lookup_experimental as experimental
from flowc.frontend.functions.lookups import (
    KeyValueTensorInitializer, StaticHashTable, StaticVocabularyTable, TextFileIndex,
    TextFileInitializer,
)

__all__ = [
    "KeyValueTensorInitializer", "StaticHashTable", "StaticVocabularyTable", "TextFileIndex",
    "TextFileInitializer", "experimental",
]
