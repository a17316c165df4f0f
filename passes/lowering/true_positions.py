"""true_positions: one walk that writes down where it finds true, and counts.

The position is stored at the place that follows those found, whether it is one of them or not, and
stays there only if it is: this has no branch that data decides.
"""

from __future__ import annotations

from flowc.ir import dtypes
from flowc.ir.dims import Symbol, as_dim
from flowc.ir.loops.expressions import Scalar, Variable
from flowc.ir.loops.kernel import Buffer, Carried, For, Kernel, Store
from flowc.passes.lowering import scalars
from flowc.passes.lowering.elements import load
from flowc.passes.lowering.fused import Fused
from flowc.passes.lowering.single import Single


def true_positions(fused: Fused) -> tuple[Kernel, tuple[Buffer, ...]]:
    """The kernel of one `true_positions`."""
    single = Single(fused)
    (mask,) = single.instruction.operands
    (positions, count), unread = single.whole_results()
    place = Symbol("place", mask.type.shape[0])
    found, all_found = (Variable(dtypes.int64, name) for name in ("found", "all_found"))
    zero = scalars.constant(dtypes.int64, 0)
    element = load(fused.elements().buffers[mask], mask.type.dtype, as_dim(place))
    assert isinstance(element, Scalar)
    following = scalars.binary("add", found, scalars.convert(dtypes.int64, element))
    walk = For(
        place,
        mask.type.shape[0],
        (Store(positions, 0, scalars.index(as_dim(place)), scatter=found),),
        carried=Carried((found,), (zero,), (following,), (all_found,)),
    )
    return single.kernel((walk, Store(count, 0, all_found)), unread)
