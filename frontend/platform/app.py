"""`tf.app`: the entry point of a program with flags."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from flowc.frontend.platform import flags as flags


def run(main: Callable[[list[str]], Any] | None = None, argv: Sequence[str] | None = None) -> None:
    """Parse the flags, call `main` (that of `__main__`) with the rest, and exit with its result."""
    rest = flags.FLAGS(sys.argv if argv is None else argv, known_only=True)
    function = main or sys.modules["__main__"].main
    sys.exit(function(rest))
