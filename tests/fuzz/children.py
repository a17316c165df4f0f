"""Child processes that run programs, so that one that crashes or hangs is only a finding."""

from __future__ import annotations

import os
import pickle
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from tests.fuzz.requests import Request
from tests.fuzz.sessions import Failure

ROOT = Path(__file__).resolve().parents[2]
_MOST_REQUESTS = 400  # after which a child makes room for a new one


class Runner(Protocol):
    """What answers requests."""

    def ask(self, request: Request) -> Any:
        """The answer, or a `Failure`."""


class Child:
    """A process with `module` as its TensorFlow; it is started anew whenever it has died."""

    def __init__(self, module: str, python: str = sys.executable, patience: float = 120.0) -> None:
        self._command = [python, "-u", "-W", "ignore", "-m", "tests.fuzz.worker", module]
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self._requests = 0

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def ask(self, request: Request) -> Any:
        """The answer, or a `Failure`: `Crash` with the signal, or `Timeout`."""
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        try:
            pickle.dump(request, process.stdin)
            process.stdin.flush()
            return pickle.loads(self._received(process.stdout.fileno()))
        except TimeoutError:
            self.close()
            return Failure("Timeout", f"no answer within {self._patience:.0f} s")
        except (BrokenPipeError, EOFError):
            code = process.wait()
            self.close()
            reason = signal.Signals(-code).name if code < 0 else f"exit status {code}"
            return Failure("Crash", reason)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._requests >= _MOST_REQUESTS:
            self.close()
        if self._process is None:
            self._requests = 0
            path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        self._requests += 1
        return self._process

    def _received(self, pipe: int) -> bytes:
        """One pickle: a length, then that many bytes."""
        end = time.monotonic() + self._patience
        length = int.from_bytes(_read(pipe, 8, end), "little")
        return _read(pipe, length, end)


def _read(pipe: int, count: int, end: float) -> bytes:
    found = bytearray()
    while len(found) < count:
        ready, _, _ = select.select([pipe], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            raise TimeoutError
        piece = os.read(pipe, count - len(found))
        if not piece:
            raise EOFError
        found += piece
    return bytes(found)
