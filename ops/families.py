"""Which module defines which op: a family is imported when one of its ops is first needed.

Most programs use a few families, and importing all of them would be most of what `import flowc`
costs. `index.txt` beside this file has a line per module, `room.module: Op Op ...`; a test keeps
it true (`pytest tests/test_docs.py --bless` writes it). An op that is not in it is found all the
same, by importing every module of the package.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

INDEX = Path(__file__).with_name("index.txt")
PACKAGE = __name__.rpartition(".")[0]


@cache
def index() -> dict[str, str]:
    """The module that defines each op, as the index has it."""
    found: dict[str, str] = {}
    for line in INDEX.read_text().splitlines():
        module, _, names = line.partition(":")
        found.update(dict.fromkeys(names.split(), module))
    return found


def import_family_of(name: str) -> None:
    """Import the module that defines an op, if there is one."""
    module = index().get(name)
    if module is None:
        import_all()
    else:
        importlib.import_module(f"{PACKAGE}.{module}")


@cache
def import_all() -> None:
    """Import every module of the package."""
    for module in modules():
        importlib.import_module(f"{PACKAGE}.{module}")


def modules() -> list[str]:
    """The names of the package's modules, as seen from the package."""
    found = pkgutil.walk_packages([str(Path(__file__).parent)], f"{PACKAGE}.")
    return [module.name.removeprefix(f"{PACKAGE}.") for module in found]
