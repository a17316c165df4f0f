"""`tf.print`: an operation that prints tensors and Python values."""

from __future__ import annotations

import pprint
import sys
from typing import Any

from flowc.frontend import nest
from flowc.frontend.apply import build
from flowc.frontend.conversion import is_tensor
from flowc.frontend.elements import Operation
from flowc.frontend.functions.strings import string_format
from flowc.frontend.platform import logging
from flowc.frontend.scopes import name_scope

_LEVELS = {
    logging.info: "log(info)",
    logging.warn: "log(warning)",
    logging.warning: "log(warning)",
    logging.error: "log(error)",
}


def print_v2(*inputs: Any, **kwargs: Any) -> Operation:
    """An operation that prints `inputs`, separated by spaces, when it runs.

    `output_stream` is sys.stdout, sys.stderr (the default), a function of tf.logging, or a path
    "file://..."; of a tensor the first and last `summarize` (3) elements of each axis are shown,
    all for -1; `end` ends the line. Raises ValueError for other streams and keywords.
    """
    stream = _stream(kwargs.pop("output_stream", sys.stderr))
    summarize = kwargs.pop("summarize", 3)
    name, end, sep = kwargs.pop("name", None), kwargs.pop("end", "\n"), kwargs.pop("sep", " ")
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments for tf.print: {sorted(kwargs)}")
    mark = "{}"
    while any(isinstance(value, str) and mark in value for value in inputs):
        mark += "_"
    tensors: list[Any] = []
    pieces = [_piece(value, tensors, mark) for value in inputs]
    with name_scope(name, "print", tensors):
        most = -1 if summarize is None else summarize
        text = string_format(sep.join(pieces), tensors, mark, most)
        op: Operation = build("PrintV2", text, output_stream=stream, end=end)
        return op


def _piece(value: Any, tensors: list[Any], mark: str) -> str:
    """A value as text, with marks where tensors are to be shown."""
    if is_tensor(value):
        tensors.append(value)
        return mark
    if isinstance(value, str):
        return value
    if not nest.is_nested(value):
        return pprint.pformat(value)
    leaves = [_Mark(_piece(leaf, tensors, mark)) for leaf in nest.flatten(value)]
    return pprint.pformat(nest.pack_sequence_as(value, leaves))


class _Mark:
    """Text that is shown without quotes inside of a structure."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _stream(stream: Any) -> str:
    if stream is sys.stdout:
        return "stdout"
    if stream is sys.stderr:
        return "stderr"
    if isinstance(stream, str) and stream.startswith("file://"):
        return stream
    for function, text in _LEVELS.items():
        if stream is function:
            return text
    raise ValueError(f"Unsupported output stream, logging level, or file: {stream}")
