"""Options of the compiler: one frozen dataclass, filled from arguments or from `FLOWC_FLAGS`.

`FLOWC_FLAGS="--dump-to=DIR --bounds-checks"`: words separated by spaces. Nothing else of flowc
reads the environment.
"""

from __future__ import annotations

import argparse
import os
import shlex
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may switch. Each field is also a flag, with `-` for `_`."""

    dump_to: str = ""  # folder that receives every stage of every compilation
    bounds_checks: bool = False  # generated code checks every access (slow)
    verify: bool = False  # verify the IR after every pass
    strict: bool = False  # a failure of the compiler is an error, not a warning and slower code
    interpret: bool = False  # run tensor IR in the reference interpreter (slow), compile nothing
    threads: int = 0  # of generated code; 0 takes the session's setting, else all cores
    cache: bool = True  # keep machine code on disk
    log_compiles: bool = False  # tell on standard error why something is compiled

    @staticmethod
    def from_environment() -> Options:
        """The options that `FLOWC_FLAGS` sets. Raises ValueError on an unknown flag."""
        return parse_flags(os.environ.get("FLOWC_FLAGS", ""))


def parse_flags(text: str) -> Options:
    """Options from a line of flags. Raises ValueError on one that does not exist."""
    parser = argparse.ArgumentParser("FLOWC_FLAGS", add_help=False, exit_on_error=False)
    for field in fields(Options):
        flag = "--" + field.name.replace("_", "-")
        if field.type == "bool":
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=field.default)
        else:
            kind = int if field.type == "int" else str
            parser.add_argument(flag, type=kind, default=field.default)
    try:
        known, unknown = parser.parse_known_args(shlex.split(text))
    except argparse.ArgumentError as error:
        raise ValueError(f"FLOWC_FLAGS: {error}") from error
    if unknown:
        raise ValueError(f"FLOWC_FLAGS: unknown flag {unknown[0]!r}")
    return Options(**vars(known))
