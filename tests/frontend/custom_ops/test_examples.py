"""The examples of ops of one's own run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"


def output_of(example: str) -> str:
    command = [sys.executable, str(EXAMPLES / example)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_python() -> None:
    assert "compiled 2 parts" in output_of("custom_op.py")


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_c() -> None:
    assert "error 0.0000 in the end" in output_of("c_op/build_and_run.py")
