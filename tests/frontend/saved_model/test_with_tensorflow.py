"""What flowc writes TensorFlow reads and runs with equal results, and the reverse."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import flowc as tf
from tests.frontend.saved_model import exchange

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "tests.frontend.saved_model.exchange"


@pytest.fixture(scope="module")
def python(pytestconfig: pytest.Config) -> str:
    """A Python that has TensorFlow."""
    found = str(pytestconfig.getoption("--tensorflow-python"))
    program = "import importlib.util, sys; sys.exit(importlib.util.find_spec('tensorflow') is None)"
    if subprocess.run([found, "-c", program]).returncode:
        pytest.skip(
            f"{found} has no TensorFlow (pip install tensorflow-cpu); another Python that "
            "has it is named by --tensorflow-python"
        )
    return found


def in_tensorflow(python: str, what: str, folder: Path) -> None:
    """Write or read the models of a folder."""
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    environment = os.environ | {"PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment |= {"TF_ENABLE_ONEDNN_OPTS": "0"}
    command = [python, "-m", PACKAGE, "tensorflow.compat.v1", what, str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models that flowc wrote."""
    folder = tmp_path_factory.mktemp("flowc")
    exchange.write(tf, folder)
    return folder


@pytest.fixture(scope="module")
def theirs(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models that TensorFlow wrote."""
    folder = tmp_path_factory.mktemp("tensorflow")
    in_tensorflow(python, "write", folder)
    return folder


def test_flowc_reads_its_own(ours: Path) -> None:
    exchange.read(tf, ours)


def test_tensorflow_reads_flowcs(python: str, ours: Path) -> None:
    """With both of its loaders, and trains on."""
    in_tensorflow(python, "read", ours)


def test_flowc_reads_tensorflows(theirs: Path) -> None:
    assert len(list(theirs.glob("*.npz"))) == len(exchange.PROGRAMS) + 2
    exchange.read(tf, theirs)


@pytest.mark.parametrize("name", ["loops", "table"])
def test_variables_that_have_not_been_trained_are_equal_bytes(
    ours: Path, theirs: Path, name: str
) -> None:
    for part in ("variables.index", "variables.data-00000-of-00001"):
        content = [(folder / name / "variables" / part).read_bytes() for folder in (ours, theirs)]
        assert content[0] == content[1]
