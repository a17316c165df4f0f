"""The ops of `tf.summary`: tensors as `Summary` messages under a tag."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.collections import GraphKeys
from flowc.frontend.conversion import convert
from flowc.frontend.functions.shaping import Name
from flowc.frontend.platform import logging
from flowc.frontend.scopes import name_scope
from flowc.frontend.stacks import get_default_graph
from flowc.ir import dtypes
from flowc.ir.dtypes import as_dtype
from flowc.ir.proto import NodeDef, SummaryDescription, SummaryMetadata

_FORBIDDEN = re.compile(r"[^-/\w\.]")
_BAD_COLOR = np.array([255, 0, 0, 255], np.uint8)  # of pixels that are not finite: red

Keys = Sequence[str] | None


def clean_tag(name: str | None) -> str | None:
    """A name that may stand in a graph: other characters become `_`, slashes in front go."""
    if name is None:
        return None
    cleaned = _FORBIDDEN.sub("_", name).lstrip("/")
    if cleaned != name:
        logging.info("Summary name %s is illegal; using %s instead.", name, cleaned)
    return cleaned


@contextmanager
def summary_scope(
    name: str, family: str | None = None, default_name: str | None = None, values: Any = None
) -> Iterator[tuple[str, str]]:
    """The tag of a summary and the scope in which it is made; `family` begins both."""
    cleaned, group = clean_tag(name), clean_tag(family)
    base = cleaned if group is None else f"{group}/{cleaned}"
    with name_scope(base, default_name, values) as scope:
        tag = scope.rstrip("/")
        yield (tag if group is None else f"{group}/{tag}"), scope


def collect(value: TensorLike, collections: Keys, default: Sequence[str]) -> Any:
    """`value`, which is then in those collections of its graph."""
    for key in default if collections is None else collections:
        get_default_graph().add_to_collection(key, value)
    return value


def scalar(
    name: str, tensor: TensorLike, collections: Keys = None, family: str | None = None
) -> Any:
    """A summary of one number."""
    with summary_scope(name, family, values=[tensor]) as (tag, scope):
        value = build("ScalarSummary", tag, convert(tensor), name=scope)
        return collect(value, collections, [GraphKeys.SUMMARIES])


def histogram(
    name: str, values: TensorLike, collections: Keys = None, family: str | None = None
) -> Any:
    """A summary of the distribution of a tensor's elements.

    Running it raises InvalidArgumentError where one is not finite.
    """
    with summary_scope(name, family, "HistogramSummary", [values]) as (tag, scope):
        value = build("HistogramSummary", tag, convert(values), name=scope)
        return collect(value, collections, [GraphKeys.SUMMARIES])


def image(
    name: str,
    tensor: TensorLike,
    max_outputs: int = 3,
    collections: Keys = None,
    family: str | None = None,
) -> Any:
    """A summary of pictures [batch, height, width, channels] with 1, 3 or 4 channels.

    uint8 is shown as it is; floats are scaled for each picture: from 0 up to the largest value, or
    around the middle where some are negative.
    """
    with summary_scope(name, family, values=[tensor]) as (tag, scope):
        value = build(
            "ImageSummary",
            tag,
            convert(tensor),
            max_images=max_outputs,
            bad_color=_BAD_COLOR,
            name=scope,
        )
        return collect(value, collections, [GraphKeys.SUMMARIES])


def audio(
    name: str,
    tensor: TensorLike,
    sample_rate: TensorLike,
    max_outputs: int = 3,
    collections: Keys = None,
    family: str | None = None,
) -> Any:
    """A summary of sounds, [batch, frames] or [batch, frames, channels] float32 in -1 to 1."""
    with summary_scope(name, family, values=[tensor]) as (tag, scope):
        rate = convert(sample_rate, dtypes.float32, "sample_rate")
        value = build("AudioSummaryV2", tag, tensor, rate, max_outputs=max_outputs, name=scope)
        return collect(value, collections, [GraphKeys.SUMMARIES])


def text(name: str, tensor: Any, collections: Keys = None) -> Any:
    """A summary of strings. Raises ValueError for another dtype."""
    if as_dtype(tensor.dtype) is not dtypes.string:
        raise ValueError(f"Expected tensor {tensor.name} to have dtype string, got {tensor.dtype}")
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    return tensor_summary(name, tensor, summary_metadata=metadata, collections=collections)


def tensor_summary(
    name: str,
    tensor: TensorLike,
    summary_description: str | None = None,
    collections: Keys = None,
    summary_metadata: SummaryMetadata | None = None,
    family: str | None = None,
    display_name: str | None = None,
) -> Any:
    """A summary of a whole tensor, with what tells TensorBoard how to show it."""
    metadata = SummaryMetadata()
    if summary_metadata is not None:
        metadata.CopyFrom(summary_metadata)
    if summary_description is not None:
        metadata.summary_description = summary_description
    if display_name is not None:
        metadata.display_name = display_name
    with summary_scope(name, family, values=[tensor]) as (tag, scope):
        value = build("TensorSummaryV2", tag, tensor, metadata.SerializeToString(), name=scope)
        return collect(value, collections, [GraphKeys.SUMMARIES])


def merge(inputs: Any, collections: Keys = None, name: Name = None) -> Any:
    """One summary of several. Running it raises InvalidArgumentError where a tag is twice there."""
    cleaned = clean_tag(name)
    with name_scope(cleaned, "Merge", list(inputs)):
        value = build("MergeSummary", list(inputs), name=cleaned)
        return collect(value, collections, [])


def merge_all(
    key: str = GraphKeys.SUMMARIES, scope: str | None = None, name: Name = None
) -> Any | None:
    """All summaries of a collection as one, or None where there are none."""
    found = get_default_graph().get_collection(key, scope)
    return merge(found, name=name) if found else None


def get_summary_description(node_def: NodeDef) -> SummaryDescription:
    """The description in a TensorSummary node. Raises ValueError for another node."""
    if node_def.op != "TensorSummary":
        raise ValueError(f"Can't get_summary_description on {node_def.op}")
    from google.protobuf import json_format  # few programs use it

    description = SummaryDescription()
    json_format.Parse(node_def.attr["description"].s.decode(), description)
    return description


def all_v2_summary_ops() -> list[Any]:
    """The summary ops of TensorFlow 2's kind, which flowc does not make: none."""
    return []


def initialize(graph: Any = None, session: Any = None) -> None:
    """Start a writer of TensorFlow 2's kind. Raises RuntimeError: flowc has none."""
    raise RuntimeError("No default tf.contrib.summary.SummaryWriter found")
