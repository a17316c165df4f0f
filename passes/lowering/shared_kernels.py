"""One kernel for equal fusions, of whatever program of this process.

A fusion's lowering sees its region, its loop space, which results share an operand's memory, and
the machine. Fusions that agree in these have one kernel object, so all that follows (proofs,
digests, code) is made once for them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from hashlib import sha256
from threading import Lock
from typing import TypeAlias

from flowc.ir.loops.kernel import Kernel
from flowc.ir.tensor.core import Instruction
from flowc.ir.tensor.printer import print_computation
from flowc.ir.tensor.structure import attributes_key, computation_key
from flowc.passes.lowering.buffers import buffer_for
from flowc.passes.lowering.fused import Fused
from flowc.passes.lowering.kernels import Scratch, lower_fusion
from flowc.passes.schedule.measured import tuned
from flowc.passes.schedule.steps import Seen
from flowc.passes.target import CpuTarget

Watch: TypeAlias = Callable[[str, str, Kernel], None]  # a kernel's key, a step's text, the kernel
_MOST = 4096  # kernels that are kept for an equal fusion to come
_NAMED = 4  # instructions that a kernel's name mentions
_PLUMBING = frozenset({"broadcast_in_dim", "constant", "convert", "reshape", "transpose"})


class Structure:
    """What a fusion has in common with equal ones; its hash is computed once."""

    __slots__ = ("_hash", "_key")

    def __init__(self, fusion: Instruction) -> None:
        (region,) = fusion.regions
        self._key = attributes_key(fusion.attributes), fusion.types, computation_key(region, {})
        self._hash = hash(self._key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Structure):
            return NotImplemented
        return self is other or (self._hash == other._hash and self._key == other._key)


class SharedKernels:
    """The kernels of this process, least recently used first.

    `watch` is told each step of the schedule of each kernel that is made.
    """

    def __init__(self, watch: Watch | None = None) -> None:
        self._watch = watch
        self._kernels: OrderedDict[Hashable, tuple[Kernel, Scratch]] = OrderedDict()
        self._lock = Lock()

    def kernel(
        self,
        fusion: Instruction,
        structure: Structure,
        shared: Mapping[int, int],
        target: CpuTarget,
    ) -> tuple[Kernel, Scratch]:
        """A fusion's kernel, whose result n is in the memory of operand `shared[n]`.

        The scratch buffers stand for those that each call has of its own.
        """
        key = (structure, tuple(shared.items()), target)
        with self._lock:
            if key in self._kernels:
                self._kernels.move_to_end(key)
                return self._kernels[key]
        made = self._make(fusion, shared, target)
        with self._lock:
            self._kernels[key] = made
            if len(self._kernels) > _MOST:
                self._kernels.popitem(last=False)
        return made

    def _make(
        self, fusion: Instruction, shared: Mapping[int, int], target: CpuTarget
    ) -> tuple[Kernel, Scratch]:
        watch, seen = self._watch, None
        if target.measured or watch is not None:
            key = kernel_key(fusion)
            target = tuned(target, key)
            if watch is not None:
                seen = partial(watch, key)
        return _lower(fusion, shared, target, seen)


SHARED = SharedKernels()


def kernel_key(fusion: Instruction) -> str:
    """Under what a kernel's measured sizes are kept: equal for equal fusions in any process."""
    (region,) = fusion.regions
    attributes = [(name, fusion.attributes[name]) for name in ("kind", "space", "kept")]
    text = f"{attributes}\n{print_computation(region)}"
    return sha256(text.encode()).hexdigest()[:24]


def _lower(
    fusion: Instruction, shared: Mapping[int, int], target: CpuTarget, seen: Seen | None
) -> tuple[Kernel, Scratch]:
    (region,) = fusion.regions
    attributes = fusion.attributes
    inputs = tuple(buffer_for(f"in{i}", p.type) for i, p in enumerate(region.parameters))
    outputs = tuple(
        inputs[shared[i]] if i in shared else buffer_for(f"out{i}", r.type)
        for i, r in enumerate(region.results)
    )
    name, space, kept = kernel_name(fusion), attributes["space"], attributes["kept"]
    fused = Fused(name, region, space, kept, inputs, outputs, target)
    try:
        return lower_fusion(attributes["kind"], fused, seen)
    except Exception as error:
        error.add_note(f"while lowering the fusion that ends in '{fusion.location}'")
        raise


def kernel_name(fusion: Instruction) -> str:
    """A readable name: the kind, and the last things that the fusion computes."""
    words = [i.primitive for i in fusion.regions[0].instructions if i.primitive not in _PLUMBING]
    return "_".join([fusion.attributes["kind"], *words[-_NAMED:]])
