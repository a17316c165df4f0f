"""The child process: executes what comes in, one request after the other, pickled both ways.

    python -m tests.fuzz.worker flowc

A program that crashes or hangs takes only its child with it (`children.py`).
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from tests.fuzz import requests


def serve(handle: Callable[[Any], Any], source: BinaryIO, sink: BinaryIO) -> None:
    """Answer requests until there are no more."""
    while True:
        try:
            request = pickle.load(source)
        except EOFError:
            return
        answer = pickle.dumps(handle(request))
        sink.write(len(answer).to_bytes(8, "little") + answer)
        sink.flush()


def main(module: str) -> None:
    """Serve with that module on the standard streams; whatever prints, prints to standard error."""
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(requests.handler(module), sys.stdin.buffer, sink)


if __name__ == "__main__":
    main(sys.argv[1])
