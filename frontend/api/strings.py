"""`tf.strings`: functions of strings."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.functions.reductions import reduce_join
from flowc.frontend.functions.strings import (
    as_string, regex_full_match, regex_replace, substr, unicode_transcode, unsorted_segment_join,
)
from flowc.frontend.functions.strings import string_bytes_split as bytes_split
from flowc.frontend.functions.strings import string_format as format
from flowc.frontend.functions.strings import string_join as join
from flowc.frontend.functions.strings import string_length as length
from flowc.frontend.functions.strings import string_lower as lower
from flowc.frontend.functions.strings import string_split_v2 as split
from flowc.frontend.functions.strings import string_strip as strip
from flowc.frontend.functions.strings import string_to_hash_bucket as to_hash_bucket
from flowc.frontend.functions.strings import string_to_hash_bucket_fast as to_hash_bucket_fast
from flowc.frontend.functions.strings import string_to_hash_bucket_strong as to_hash_bucket_strong
from flowc.frontend.functions.strings import string_to_number as to_number
from flowc.frontend.functions.strings import string_upper as upper
from flowc.frontend.functions.unicode import (
    ngrams, unicode_decode, unicode_decode_with_offsets, unicode_encode, unicode_script,
    unicode_split, unicode_split_with_offsets,
)

__all__ = [
    "as_string", "bytes_split", "format", "join", "length", "lower", "ngrams", "reduce_join",
    "regex_full_match", "regex_replace", "split", "strip", "substr", "to_hash_bucket",
    "to_hash_bucket_fast", "to_hash_bucket_strong", "to_number", "unicode_decode",
    "unicode_decode_with_offsets", "unicode_encode", "unicode_script", "unicode_split",
    "unicode_split_with_offsets", "unicode_transcode", "unsorted_segment_join", "upper",
]
