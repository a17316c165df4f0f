"""Blocks of images moved between batch, space and channels."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.functions.derived import derive
from flowc.frontend.functions.shaping import Name, one_of

space_to_batch_nd = derive("SpaceToBatchND", "space_to_batch_nd")
batch_to_space_nd = derive("BatchToSpaceND", "batch_to_space_nd")


def space_to_batch(
    input: TensorLike,
    paddings: TensorLike,
    block_size: int | None = None,
    name: Name = None,
    block_shape: Any = None,
) -> Any:
    """Images cut into square blocks, whose positions become batches.

    `input` is [batch, height, width, channels], bordered first by zeros as the 2 x 2 `paddings`
    say. Raises ValueError or InvalidArgumentError where blocks do not fit.
    """
    size = one_of("block_size", block_size, "block_shape", block_shape)
    result = space_to_batch_nd(input, block_shape=[size, size], paddings=paddings, name=name)
    result.set_shape(result.shape.with_rank(4))
    return result


def batch_to_space(
    input: TensorLike,
    crops: Any,
    block_size: int | None = None,
    name: Name = None,
    block_shape: Any = None,
) -> Any:
    """Batches laid out as the positions of square blocks: the inverse of `space_to_batch`.

    The 2 x 2 `crops` say how much is cut off at the borders. Raises ValueError or
    InvalidArgumentError where the batches are no multiple of a block.
    """
    size = one_of("block_size", block_size, "block_shape", block_shape)
    result = batch_to_space_nd(input, block_shape=[size, size], crops=crops, name=name)
    result.set_shape(result.shape.with_rank(4))
    return result


def space_to_depth(
    input: TensorLike, block_size: int, name: Name = None, data_format: str = "NHWC"
) -> Any:
    """Blocks of pixels moved into channels."""
    return build("SpaceToDepth", input, block_size=block_size, data_format=data_format, name=name)


def depth_to_space(
    input: TensorLike, block_size: int, name: Name = None, data_format: str = "NHWC"
) -> Any:
    """Channels moved into blocks of pixels."""
    return build("DepthToSpace", input, block_size=block_size, data_format=data_format, name=name)
