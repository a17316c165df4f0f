"""Functions of strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowc.frontend.aliases import DTypeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import SparseTensor
from flowc.frontend.functions.shaping import Name, one_of
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes


def string_join(inputs: Sequence[Any], separator: str = "", name: Name = None) -> Any:
    """The strings of several tensors at each place, one after the other."""
    return build("StringJoin", list(inputs), separator=separator, name=name)


def string_length(input: TensorLike, name: Name = None, unit: str = "BYTE") -> Any:
    """The number of bytes, or of characters (`UTF8_CHAR`)."""
    return build("StringLength", input, unit=unit, name=name)


def string_lower(input: TensorLike, encoding: str = "", name: Name = None) -> Any:
    """Small letters; only ASCII ones unless `encoding` is "utf-8"."""
    return build("StringLower", input, encoding=encoding, name=name)


def string_upper(input: TensorLike, encoding: str = "", name: Name = None) -> Any:
    """Capital letters; only ASCII ones unless `encoding` is "utf-8"."""
    return build("StringUpper", input, encoding=encoding, name=name)


def string_strip(input: TensorLike, name: Name = None) -> Any:
    """Without white space at both ends."""
    return build("StringStrip", input, name=name)


def substr(input: TensorLike, pos: Any, len: Any, name: Name = None, unit: str = "BYTE") -> Any:
    """`len` bytes or characters from `pos` on; a negative position counts from the end."""
    return build("Substr", input, pos, len, unit=unit, name=name)


def string_split(
    source: TensorLike,
    sep: str | None = None,
    skip_empty: bool = True,
    delimiter: str | None = None,
    result_type: str = "SparseTensor",
    name: Name = None,
) -> SparseTensor:
    """Each string of a vector cut at every byte of `sep` (a space): a SparseTensor of strings."""
    mark = one_of("sep", sep, "delimiter", delimiter)
    parts = build(
        "StringSplit", source, " " if mark is None else mark, skip_empty=skip_empty, name=name
    )
    return _sparse(parts)


def string_split_v2(
    input: TensorLike | None = None,
    sep: str | None = None,
    maxsplit: int = -1,
    result_type: str = "SparseTensor",
    source: TensorLike | None = None,
    name: Name = None,
) -> SparseTensor:
    """Each string of a vector cut at `sep` (white space): a SparseTensor of strings."""
    if result_type != "SparseTensor":
        raise NotImplementedError("flowc has no RaggedTensors: use result_type='SparseTensor'.")
    text = one_of("input", input, "source", source)
    return _sparse(build("StringSplitV2", text, sep or "", maxsplit=maxsplit, name=name))


def string_bytes_split(input: TensorLike, name: Name = None) -> SparseTensor:
    """Each string of a vector cut between all bytes: a SparseTensor of strings."""
    return _sparse(build("StringSplit", input, "", skip_empty=True, name=name))


def _sparse(parts: Any) -> SparseTensor:
    indices, values, shape = parts
    indices.set_shape([None, 2])
    values.set_shape([None])
    shape.set_shape([2])
    return SparseTensor(indices, values, shape)


def string_format(
    template: str,
    inputs: Any,
    placeholder: str = "{}",
    summarize: int = 3,
    name: Name = None,
) -> Any:
    """`template` with each placeholder replaced by a tensor, shown like NumPy's arrays."""
    listed = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    return build(
        "StringFormat",
        listed,
        template=template,
        placeholder=placeholder,
        summarize=summarize,
        name=name,
    )


def unsorted_segment_join(
    inputs: Any,
    segment_ids: TensorLike,
    num_segments: TensorLike,
    separator: str = "",
    name: Name = None,
) -> Any:
    """The strings of each segment as one."""
    return build(
        "UnsortedSegmentJoin", inputs, segment_ids, num_segments, separator=separator, name=name
    )


# Regular expressions


def regex_full_match(input: TensorLike, pattern: TensorLike, name: Name = None) -> Any:
    """Whether each whole string matches the pattern."""
    if isinstance(pattern, str | bytes):
        return build("StaticRegexFullMatch", input, pattern=pattern, name=name)
    return build("RegexFullMatch", input, pattern, name=name)


def regex_replace(
    input: TensorLike,
    pattern: TensorLike,
    rewrite: Any,
    replace_global: bool = True,
    name: Name = None,
) -> Any:
    """What matches the pattern replaced by `rewrite`, in which `\\1` is the first group."""
    options: dict[str, Any] = {"replace_global": replace_global, "name": name}
    if isinstance(pattern, str | bytes) and isinstance(rewrite, str | bytes):
        return build("StaticRegexReplace", input, pattern=pattern, rewrite=rewrite, **options)
    return build("RegexReplace", input, pattern, rewrite, **options)


# Numbers and bytes


def as_string(
    input: TensorLike,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
    name: Name = None,
) -> Any:
    """Numbers as text."""
    return build(
        "AsString",
        input,
        precision=precision,
        scientific=scientific,
        shortest=shortest,
        width=width,
        fill=fill,
        name=name,
    )


def string_to_number(
    string_tensor: Any = None,
    out_type: DTypeLike = dtypes.float32,
    name: Name = None,
    input: TensorLike | None = None,
) -> Any:
    """The numbers that strings are."""
    text = one_of("string_tensor", string_tensor, "input", input)
    return build("StringToNumber", text, out_type=out_type, name=name)


def decode_raw(
    input_bytes: Any = None,
    out_type: DTypeLike | None = None,
    little_endian: bool = True,
    name: Name = None,
    bytes: Any = None,
) -> Any:
    """The numbers whose memory each string is, along a new last axis."""
    content = one_of("input_bytes", input_bytes, "bytes", bytes)
    return build("DecodeRaw", content, out_type=out_type, little_endian=little_endian, name=name)


def encode_base64(input: TensorLike, pad: bool = False, name: Name = None) -> Any:
    """Base64 with the alphabet for file names and addresses."""
    return build("EncodeBase64", input, pad=pad, name=name)


def decode_base64(input: TensorLike, name: Name = None) -> Any:
    """What was encoded in base64."""
    return build("DecodeBase64", input, name=name)


def decode_csv(
    records: Any,
    record_defaults: Sequence[Any],
    field_delim: str = ",",
    use_quote_delim: bool = True,
    name: Name = None,
    na_value: str = "",
    select_cols: Sequence[int] | None = None,
) -> list[Any]:
    """Records of comma-separated values as columns, one for each default."""
    columns: list[Any] = build(
        "DecodeCSV",
        records,
        list(record_defaults),
        field_delim=field_delim,
        use_quote_delim=use_quote_delim,
        na_value=na_value,
        select_cols=tuple(select_cols or ()),
        name=name,
    )
    return columns


# Hashes


def string_to_hash_bucket(
    string_tensor: Any = None,
    num_buckets: int | None = None,
    name: Name = None,
    input: TensorLike | None = None,
) -> Any:
    """The bucket of each string; the hash may change between versions of TensorFlow."""
    text = one_of("string_tensor", string_tensor, "input", input)
    return build("StringToHashBucket", text, num_buckets=num_buckets, name=name)


def string_to_hash_bucket_fast(input: TensorLike, num_buckets: int, name: Name = None) -> Any:
    """The bucket of each string, by FarmHash."""
    return build("StringToHashBucketFast", input, num_buckets=num_buckets, name=name)


def string_to_hash_bucket_strong(
    input: TensorLike, num_buckets: int, key: Sequence[int], name: Name = None
) -> Any:
    """The bucket of each string, by SipHash with a secret key of two numbers."""
    return build(
        "StringToHashBucketStrong", input, num_buckets=num_buckets, key=tuple(key), name=name
    )


# Unicode


def unicode_transcode(
    input: TensorLike,
    input_encoding: str,
    output_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    replace_control_characters: bool = False,
    name: Name = None,
) -> Any:
    """Text in another encoding."""
    return build(
        "UnicodeTranscode",
        input,
        input_encoding=input_encoding,
        output_encoding=output_encoding,
        errors=errors,
        replacement_char=replacement_char,
        replace_control_characters=replace_control_characters,
        name=name,
    )


# Files


def read_file(filename: Any, name: Name = None) -> Any:
    """The content of a file."""
    return build("ReadFile", filename, name=name)


def write_file(filename: Any, contents: TensorLike, name: Name = None) -> Any:
    """An operation that writes a file, and the folders above it."""
    return build("WriteFile", filename, contents, name=name)


def matching_files(pattern: TensorLike, name: Name = None) -> Any:
    """The names of the files that match a pattern, or one of several; sorted."""
    with name_scope(name, "MatchingFiles", [pattern]) as scope:
        return build("MatchingFiles", pattern, name=scope)
