"""Simulated quantisation: floats rounded to what integers of a few bits can hold."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.functions.derived import derive
from flowc.frontend.functions.shaping import Name

fake_quant_with_min_max_args = derive("FakeQuantWithMinMaxArgs", "fake_quant_with_min_max_args")
fake_quant_with_min_max_args_gradient = derive(
    "FakeQuantWithMinMaxArgsGradient", "fake_quant_with_min_max_args_gradient"
)
fake_quant_with_min_max_vars = derive("FakeQuantWithMinMaxVars", "fake_quant_with_min_max_vars")
fake_quant_with_min_max_vars_gradient = derive(
    "FakeQuantWithMinMaxVarsGradient", "fake_quant_with_min_max_vars_gradient"
)
fake_quant_with_min_max_vars_per_channel = derive(
    "FakeQuantWithMinMaxVarsPerChannel", "fake_quant_with_min_max_vars_per_channel"
)
fake_quant_with_min_max_vars_per_channel_gradient = derive(
    "FakeQuantWithMinMaxVarsPerChannelGradient",
    "fake_quant_with_min_max_vars_per_channel_gradient",
)


def quantize_and_dequantize(
    input: TensorLike,
    input_min: Any,
    input_max: Any,
    signed_input: bool = True,
    num_bits: int = 8,
    range_given: bool = False,
    round_mode: str = "HALF_TO_EVEN",
    name: Name = None,
    narrow_range: bool = False,
    axis: int | None = None,
) -> Any:
    """`input` scaled to integers of `num_bits` bits, rounded, and scaled back.

    The range is [input_min, input_max] where `range_given`, else that of the input. With an `axis`,
    each slice along it has a range of its own, and the bounds are vectors. Raises ValueError or
    InvalidArgumentError for a number of bits, a range or an axis that cannot be.
    """
    input = convert(input, None, "input")
    if axis is not None and axis < 0:
        if input.shape.ndims is None:
            raise ValueError("input should have known rank to use negative axis.")
        axis += input.shape.ndims
    low, high = (convert(bound, input.dtype) for bound in (input_min, input_max))
    return build(
        "QuantizeAndDequantizeV2",
        input,
        low,
        high,
        signed_input=signed_input,
        num_bits=num_bits,
        range_given=range_given,
        round_mode=round_mode,
        narrow_range=narrow_range,
        axis=-1 if axis is None else axis,
        name=name,
    )
