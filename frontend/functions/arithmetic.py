"""Arithmetic beyond one operator: quotients without NaN, running sums, histograms, flat indices."""

from __future__ import annotations

from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.derived import derive
from flowc.frontend.functions.mathematics import cast, div_no_nan, unsorted_segment_sum
from flowc.frontend.functions.shaping import Name
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes
from flowc.ir.dtypes import as_dtype

approximate_equal = derive("ApproximateEqual", "approximate_equal")
extract_volume_patches = derive("ExtractVolumePatches", "extract_volume_patches")
unravel_index = derive("UnravelIndex", "unravel_index")


def multiply_no_nan(x: Any, y: Any, name: Name = None) -> Any:
    """x * y, and 0 where y is 0, even if x is infinite or NaN.

    `x` and `y` are float or complex tensors of one dtype; their shapes are broadcast. Raises
    TypeError for other dtypes, ValueError for shapes that do not broadcast.
    """
    return build("MulNoNan", x, y, name=name)


def reciprocal_no_nan(x: Any, name: Name = None) -> Any:
    """1 / x, and 0 where x is 0, of the shape and float dtype of `x`."""
    with name_scope(name, "reciprocal_no_nan", [x]) as scope:
        x = convert(x, None, "x")
        return div_no_nan(constant(1, x.dtype), x, name=scope)


def cumulative_logsumexp(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: Name = None
) -> Any:
    """log(cumsum(exp(x))) along an axis, computed so that nothing overflows.

    `x` is a float tensor, whose shape the result has. An exclusive sum leaves the element itself
    out, a reverse one begins at the end. Raises ValueError for an axis out of range.
    """
    return build("CumulativeLogsumexp", x, axis, exclusive=exclusive, reverse=reverse, name=name)


def unsorted_segment_sqrt_n(
    data: Any, segment_ids: Any, num_segments: Any, name: Name = None
) -> Any:
    """The sum of each segment, divided by the square root of how many rows it has.

    `segment_ids` are integers of a leading part of the shape of `data`; negative ones are left
    out. The result has `num_segments` rows, zeros where a segment is empty.
    """
    with name_scope(name, "UnsortedSegmentSqrtN", [data, segment_ids]) as scope:
        data, segment_ids = convert(data, None, "data"), convert(segment_ids, None, "segment_ids")
        ones = build("Fill", build("Shape", segment_ids), constant(1, data.dtype))
        counts = unsorted_segment_sum(ones, segment_ids, num_segments)
        total = unsorted_segment_sum(data, segment_ids, num_segments)
        inner = build("Sub", build("Rank", total), 1)
        shape = build("ConcatV2", [build("Shape", counts), build("Fill", [inner], 1)], 0)
        least = build("Maximum", counts, constant(1, data.dtype))
        return build("RealDiv", total, build("Reshape", build("Sqrt", least), shape), name=scope)


def histogram_fixed_width_bins(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = dtypes.int32, name: Name = None
) -> Any:
    """For each value, the number of its bin among `nbins` equal ones of a range.

    `value_range` is [low, high] in the dtype of `values`; what lies outside counts to the first
    or last bin. The result has the shape of `values`, and the integer dtype asked for.
    """
    with name_scope(name, "histogram_fixed_width_bins", [values, value_range, nbins]):
        values = convert(values, None, "values")
        low_high = convert(value_range, values.dtype, "value_range")
        nbins = convert(nbins, dtypes.int32, "nbins")
        part = build("RealDiv", build("Sub", values, low_high[0]), low_high[1] - low_high[0])
        scaled = build("Floor", build("Mul", cast(nbins, part.dtype), part))
        last = cast(nbins - 1, scaled.dtype)
        inside = build("Minimum", build("Maximum", scaled, constant(0, scaled.dtype)), last)
        return cast(inside, as_dtype(dtype))


def histogram_fixed_width(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = dtypes.int32, name: Name = None
) -> Any:
    """How many values lie in each of `nbins` equal bins of a range: a vector of counts.

    `value_range` is [low, high] in the dtype of `values`; what lies outside counts to the first
    or last bin. `dtype` is int32 or int64.
    """
    with name_scope(name, "histogram_fixed_width", [values, value_range, nbins]) as scope:
        return build(
            "HistogramFixedWidth", values, value_range, nbins, dtype=as_dtype(dtype), name=scope
        )
