"""Printing from a graph: `Print`, which passes its input on, and `PrintV2`, which prints text."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from flowc.ir.system_errors import system_errors
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import Tensors, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, host_op
from flowc.ops.resources import Session
from flowc.ops.text.formatting import printer

_logger = logging.getLogger("flowc")


@host_op(
    'Print(input: T, data: U; T: type, U: list(type) >= 0, message: string = "",'
    " first_n: int = -1, summarize: int = 3) -> output: T",
    stateful=True,
)
def print_and_pass(
    input: Any,
    data: list[Array],
    *,
    message: str,
    first_n: int,
    summarize: int,
    context: Session,
) -> Any:
    """`input`; the first `first_n` times `data` goes to standard error, every time if negative."""
    name = f"print/{context.node}"
    printed = context.resources.values.get(name, 0)
    if first_n < 0 or printed < first_n:
        context.resources.values[name] = printed + 1
        shown = "".join(f"[{summary(np.asarray(d), summarize)}]" for d in data)
        print(message + shown, file=sys.stderr, flush=True)
    return input


def summary(tensor: Array, most: int) -> str:
    """The first `most` elements, all if that is negative, rows in brackets."""
    limit = tensor.size if most < 0 else min(most, tensor.size)
    write = printer(tensor, quoted=False)
    if tensor.ndim == 0:
        text = write(tensor[()]) if limit else ""
    else:
        text, _ = _rows(tensor, 0, limit, True, write)
    return text + ("..." if tensor.size > limit else "")


def _rows(
    part: Any, printed: int, limit: int, outermost: bool, write: Callable[[Any], str]
) -> tuple[str, int]:
    """The text of a part, and how many elements have been printed then."""
    if printed >= limit:
        return "", printed
    if part.ndim == 1:
        shown = part[: limit - printed]
        text = " ".join(map(write, shown))
        cut = len(shown) < len(part) and not outermost
        return text + ("..." if cut else ""), printed + len(shown)
    texts = []
    for row in part:
        if printed >= limit:
            break
        text, printed = _rows(row, printed, limit, False, write)
        texts.append(f"[{text}]")
    return "".join(texts), printed


@print_and_pass.infer
def _(b: Builder, input: Any, data: list[Any]) -> Any:
    return input


@print_and_pass.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad, *(None for _ in op.inputs[1:]))


def _to_log(level: int) -> Callable[[str], None]:
    return lambda text: _logger.log(level, "%s", text)


def _to_stream(name: str) -> Callable[[str], None]:
    def write(text: str) -> None:
        stream = getattr(sys, name)
        stream.write(text)
        stream.flush()

    return write


_STREAMS: dict[str, Callable[[str], None]] = {
    "stdout": _to_stream("stdout"),
    "stderr": _to_stream("stderr"),
    "log(info)": _to_log(logging.INFO),
    "log(warning)": _to_log(logging.WARNING),
    "log(error)": _to_log(logging.ERROR),
}
_FILE = "file://"


@host_op(
    'PrintV2(input: string; output_stream: string = "stderr", end: string = "\\n")', stateful=True
)
def print_text(input: Array, *, output_stream: str, end: str) -> None:
    """Write a text to a stream, the log, or the end of a file (`file://path`)."""
    require(input.ndim == 0, f"Input is expected to be scalar, but got {show(input.shape)}")
    text = input.item().decode("utf-8", "replace") + end
    if output_stream.startswith(_FILE):
        path = output_stream.removeprefix(_FILE)
        with system_errors(path), open(path, "a", encoding="utf-8") as file:
            file.write(text)
        return
    require(
        output_stream in _STREAMS,
        f"Unknown output stream: {output_stream}, valid streams are: {', '.join(_STREAMS)}, "
        "file://path",
    )
    _STREAMS[output_stream](text)


@print_text.infer
def _(b: Builder, input: Any) -> None:
    shape = b.shape(input)
    require(not shape, f"Shape must be rank 0 but is rank {len(shape)}")


print_text.not_differentiable()
