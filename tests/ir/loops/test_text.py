"""Loop IR's text: golden kernels, round trips, canonical names."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from flowc.ir.loops.kernel import Kernel
from flowc.ir.loops.parser import parse_kernel
from flowc.ir.loops.printer import kernel_digest, print_kernel
from flowc.ir.loops.verifier import verify_kernel
from tests.codegen.test_loops import argmax, column_sums
from tests.codegen.test_random_kernels import kernels
from tests.golden import Golden

FOLDER = Path(__file__).parent / "golden"
KERNELS = {"argmax": argmax(16, 2), "columns": column_sums(8)}


@pytest.mark.parametrize("name", KERNELS)
def test_golden(name: str, golden: Golden) -> None:
    golden.check(FOLDER / f"{name}.loops", print_kernel(KERNELS[name]))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.loops")), ids=lambda path: path.stem)
def test_round_trip(path: Path) -> None:
    text = path.read_text()
    kernel = parse_kernel(text)
    verify_kernel(kernel)
    assert print_kernel(kernel) == text


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(kernels())
def test_random_round_trip(kernel: Kernel) -> None:
    text = print_kernel(kernel)
    assert print_kernel(parse_kernel(text)) == text


def test_key_does_not_depend_on_names() -> None:
    text = (FOLDER / "argmax.loops").read_text()
    renamed = text.replace("kernel argmax", "kernel other").replace("v0", "best")
    assert kernel_digest(parse_kernel(renamed)) == kernel_digest(parse_kernel(text))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("kernel k(b0: float32[n]) {\n  store b0[0] 1.0:float32\n}", "line 2: expected '='"),
        ("kernel k() {\n", "expected '}'"),
        ("kernel k() {\n}\nmore", "line 3: expected the end"),
    ],
)
def test_errors_name_the_line(text: str, error: str) -> None:
    with pytest.raises(ValueError, match=error.replace("(", r"\(")):
        parse_kernel(text)
