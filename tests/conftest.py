"""Options and fixtures that every test may use."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests.golden import Golden
from tests.sampled import Sampled

# In continuous integration the examples are the same each time: a failure is about the change.
settings.register_profile("ci", derandomize=True)
settings.register_profile("thorough", max_examples=1000)
if os.environ.get("CI"):
    settings.load_profile("ci")

# A failure of the compiler is one of the test, not a warning and slower code.
os.environ["FLOWC_FLAGS"] = f"--strict {os.environ.get('FLOWC_FLAGS', '')}".strip()

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--bless", action="store_true", help="write the golden text files instead of comparing them"
    )
    parser.addoption(
        "--tensorflow",
        default=str(SHARED.parent / "tensorflow"),
        help="a checkout of TensorFlow 1.15, of whose own tests a few are run",
    )
    parser.addoption(
        "--tensorflow-python",
        default=sys.executable,
        help="a Python with TensorFlow, with which files are exchanged",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Sampled(config, SHARED.is_dir()), "sampled")


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Golden:
    return Golden(bool(pytestconfig.getoption("--bless")))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside this checkout, with the conformance corpus in `shared/golden`."""
    if not SHARED.is_dir():
        pytest.skip("no folder 'shared' beside the checkout, so no corpus of TensorFlow's answers")
    return SHARED
