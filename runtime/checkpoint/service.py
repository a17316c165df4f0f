"""Checkpoint files as the kernels of SaveV2 and its kin see them, through their context."""

from __future__ import annotations

from collections.abc import Sequence

from flowc.runtime.checkpoint.merge import merge_checkpoints
from flowc.runtime.checkpoint.reader import CheckpointReader
from flowc.runtime.checkpoint.slices import Shape, TensorSlice, parse_shape_and_slice
from flowc.runtime.checkpoint.writer import CheckpointWriter


class CheckpointFiles:
    """What `flowc.ops.state.files.Checkpoints` asks for."""

    def writer(self, prefix: str) -> CheckpointWriter:
        """A context manager that writes a checkpoint."""
        return CheckpointWriter(prefix)

    def reader(self, prefix: str) -> CheckpointReader:
        """The tensors of a checkpoint. Raises NotFoundError, DataLossError."""
        return CheckpointReader(prefix)

    def merge(self, prefixes: Sequence[str], destination: str) -> None:
        """Make one checkpoint of several, which go away."""
        merge_checkpoints(prefixes, destination)

    def parse_slice(self, text: str) -> tuple[Shape, TensorSlice]:
        """The shape of the whole tensor and the part that a text such as `10 4 0,5:-` names."""
        return parse_shape_and_slice(text)
