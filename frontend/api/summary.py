"""`tf.summary`: what TensorBoard shows."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.summaries.functions import (
    all_v2_summary_ops, audio, get_summary_description, histogram, image, initialize, merge,
    merge_all, scalar, tensor_summary, text,
)
from flowc.frontend.summaries.writer import FileWriter, FileWriterCache
from flowc.ir.proto import Event, SessionLog, Summary, SummaryDescription, TaggedRunMetadata

__all__ = [
    "Event", "FileWriter", "FileWriterCache", "SessionLog", "Summary", "SummaryDescription",
    "TaggedRunMetadata", "all_v2_summary_ops", "audio", "get_summary_description", "histogram",
    "image", "initialize", "merge", "merge_all", "scalar", "tensor_summary", "text",
]
