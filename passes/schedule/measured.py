"""What was measured for one kernel takes the place of a target's sizes, for that kernel alone.

The sizes of `passes/target.py` are good for most kernels. A tuner may find better ones for one: it
compiles a kernel with other sizes, measures, and writes down what was best, here. The store is one
file, `schedules.json` in the folder of the code cache, which sessions read when they are made:

    {"x86_64-unknown-linux-gnu znver4 64": {
       "9f3c...": {"loops.chunk": 4096, "contraction.row_panels": 6}}}

The machine's name stands outside, then a kernel's key (`lowering/shared_kernels.py: kernel_key`;
dumps show it), then sizes by their names in the target: `group.field`. What does not name a whole
number of a target is left out, with a warning: a file may be older than the compiler.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from flowc.passes.target import CpuTarget, Sizes

FILE = "schedules.json"
GROUPS = ("costs", "loops", "instructions", "contraction")


def machine_name(target: CpuTarget) -> str:
    """Under what a machine's measurements are kept."""
    return f"{target.triple} {target.cpu} {target.vector_bytes}"


def load_measured(folder: Path, target: CpuTarget) -> CpuTarget:
    """The target with what a folder's store has of its machine; itself where there is nothing."""
    found = _read(folder / FILE).get(machine_name(target), {})
    if not isinstance(found, dict) or not found:
        return target
    return replace(target, measured=as_measured(found))


def save_measured(folder: Path, target: CpuTarget, key: str, sizes: Mapping[str, int]) -> None:
    """Keep the sizes of one kernel. Raises ValueError where one is not a size of the target."""
    for name, value in sizes.items():
        if not _fits(target, name, value):
            raise ValueError(f"{name} = {value} is not a size of this target")
    path = folder / FILE
    content = _read(path)
    content.setdefault(machine_name(target), {})[key] = dict(sizes)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(content, indent=1, sort_keys=True))
    temporary.replace(path)


def as_measured(found: Mapping[str, Mapping[str, int]]) -> tuple[tuple[str, Sizes], ...]:
    """Sizes by kernel in the form that a target keeps."""
    return tuple((key, tuple(sorted(sizes.items()))) for key, sizes in sorted(found.items()))


def measured_digest(target: CpuTarget) -> str:
    """A hash of all that was measured; "" for nothing."""
    return sha256(repr(target.measured).encode()).hexdigest() if target.measured else ""


def tuned(target: CpuTarget, key: str) -> CpuTarget:
    """The target as one kernel's schedule sees it."""
    sizes = dict(target.measured).get(key, ())
    plain = replace(target, measured=())
    for name, value in sizes:
        if not _fits(target, name, value):
            warnings.warn(f"{FILE}: {name} = {value} is not a size", RuntimeWarning, stacklevel=2)
            continue
        group, _, field = name.partition(".")
        new: dict[str, Any] = {group: replace(getattr(plain, group), **{field: value})}
        plain = replace(plain, **new)
    return plain


def _fits(target: CpuTarget, name: str, value: object) -> bool:
    group, _, field = name.partition(".")
    old = getattr(getattr(target, group), field, None) if group in GROUPS else None
    number = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return number and isinstance(old, int | float)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        warnings.warn(f"{path} cannot be read: {error}", RuntimeWarning, stacklevel=3)
        return {}
    return content if isinstance(content, dict) else {}
