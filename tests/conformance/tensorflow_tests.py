"""Runs TensorFlow's own unit tests, unchanged, on flowc, and counts.

    python -m tests.conformance.tensorflow_tests TENSORFLOW [FILE...] [--python PYTHON]

TENSORFLOW is a checkout of TensorFlow 1.15; the tests of `tensorflow/compiler/tests`, XLA's suite,
are run, or those of the FILEs there. The layer that serves `tensorflow.python.*` from a public API
lies in `shared/tftests` beside this checkout, with the list of the tests that TensorFlow itself
passes through it: only those count. `tensorflow_failures.txt` beside this file lists those of them
that fail on flowc, each with its reason. What it does not foresee is printed, either way, and makes
the exit status 1.

PYTHON, by default the one that runs this, needs NumPy and absl-py.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYER = ROOT.parent / "shared" / "tftests"
FAILURES = Path(__file__).with_name("tensorflow_failures.txt")
_FOLDER = Path("tensorflow/compiler/tests")
_PASSES = "compiler_tests_that_tensorflow_passes.json"


@dataclass(frozen=True)
class Report:
    """What became of the tests that count, by `file:class.test`; None for one that passed."""

    outcomes: dict[str, str | None]

    @property
    def failed(self) -> dict[str, str]:
        """The tests that did not pass, each with what happened."""
        return {name: why for name, why in self.outcomes.items() if why is not None}

    def summary(self) -> str:
        """`620 of 633 tests that TensorFlow passes (97.9 %)`."""
        total = len(self.outcomes)
        passed = total - len(self.failed)
        share = 100 * passed / max(total, 1)
        return f"{passed} of {total} tests that TensorFlow passes ({share:.1f} %)"

    def surprises(self, expected: dict[str, str]) -> list[str]:
        """A line for each test that fails unexpectedly, or passes though it is listed."""
        found = [
            f"fails: {name}  # {why}" for name, why in self.failed.items() if name not in expected
        ]
        passed = (name for name in expected if self.outcomes.get(name, "not run") is None)
        return [*found, *(f"passes now: {name}" for name in passed)]


def missing(tensorflow: Path) -> str | None:
    """What is needed and not there, in words; None where nothing is missing."""
    if not (LAYER / "run_tests.py").is_file():
        return f"the layer that runs TensorFlow's tests on flowc is not there: {LAYER}"
    if not (tensorflow / _FOLDER).is_dir():
        return f"no checkout of TensorFlow: there is no folder {tensorflow / _FOLDER}"
    return None


def lacks_absl() -> str | None:
    """A message where this Python cannot run the tests itself."""
    found = importlib.util.find_spec("absl")
    return "TensorFlow's tests import absl (pip install absl-py)" if found is None else None


def expected_failures() -> dict[str, str]:
    """The tests that may fail, each with its reason."""
    lines = (line.partition("#") for line in FAILURES.read_text().splitlines())
    return {name.strip(): reason.strip() for name, _, reason in lines if name.strip()}


def run(tensorflow: Path, files: Sequence[str] = (), python: str = sys.executable) -> Report:
    """Run the tests of those files, or of all."""
    wanted = [
        name
        for name in json.loads((LAYER / _PASSES).read_text())
        if not files or name.partition(":")[0] in files
    ]
    names = sorted({name.partition(":")[0] for name in wanted})
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "results.jsonl"
        command = [
            sys.executable,
            str(LAYER / "run_tests.py"),
            "--as",
            "flowc.compat.v1",
            "--python",
            python,
            "--out",
            str(out),
            *(str(tensorflow / _FOLDER / name) for name in names),
        ]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        subprocess.run(command, check=True, stdout=sys.stderr, env=environment)
        results = [json.loads(line) for line in out.read_text().splitlines()]
    return Report({name: _outcome(results, name) for name in wanted})


def _outcome(results: Sequence[dict[str, object]], name: str) -> str | None:
    file, _, test = name.partition(":")
    for result in results:
        tests = result.get("tests")
        if result["file"] == file and isinstance(tests, dict) and test in tests:
            status, message = tests[test]
            return None if status == "ok" else f"{status}: {' '.join(message.split())[:160]}"
    return "not run"


def main() -> int:
    """Print the share, and what was not foreseen."""
    parser = argparse.ArgumentParser(description="Run TensorFlow's own unit tests on flowc.")
    parser.add_argument("tensorflow", type=Path, help="a checkout of TensorFlow 1.15")
    parser.add_argument("files", nargs="*", help="files of tensorflow/compiler/tests; else all")
    parser.add_argument("--python", default=sys.executable, help="with NumPy and absl-py")
    options = parser.parse_args()
    lack = missing(options.tensorflow)
    if lack is None and options.python == sys.executable:
        lack = lacks_absl()
    if lack is not None:
        print(lack, file=sys.stderr)
        return 2
    report = run(options.tensorflow, options.files, options.python)
    surprises = report.surprises(expected_failures())
    print(*surprises, report.summary(), sep="\n")
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
