"""Every public function says what it does, and what its arguments are."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

import flowc as tf
from flowc.frontend.functions.derived import DerivedFunction
from flowc.ops.registry import OPS


def public(module: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """The functions and classes of a module and of the namespaces in it.

    `tf.raw_ops`, which is loaded when it is touched, has a function for each op: these say what the
    op's signature says.
    """
    if id(module) in seen:
        return
    seen.add(id(module))
    for name in sorted(dir(module)):
        value = (
            None
            if name.startswith("_") or name in ("frontend", "raw_ops")
            else getattr(module, name)
        )
        if inspect.ismodule(value) and value.__name__.startswith("flowc.frontend.api"):
            yield from public(value, f"{path}.{name}", seen)
        elif callable(value):
            yield f"{path}.{name}", value


PUBLIC = dict(public(tf, "tf", set()))
DERIVED = {name: value for name, value in PUBLIC.items() if isinstance(value, DerivedFunction)}


def test_all_are_found() -> None:
    assert len(PUBLIC) > 1000
    assert {"tf.exp", "tf.frontend"} & set(DERIVED) == {"tf.exp"}
    assert any(name.endswith("nn.relu") for name in DERIVED)


def test_everything_has_a_docstring() -> None:
    assert [name for name, value in PUBLIC.items() if len(inspect.getdoc(value) or "") < 5] == []


@pytest.mark.parametrize("name", DERIVED)
def test_what_follows_from_an_op_has_arguments_results_and_errors(name: str) -> None:
    function = DERIVED[name]
    if OPS.get(function.op_type) is None:
        assert "flowc does not have the op" in function.__doc__
        return
    about, _, rest = function.__doc__.partition("\n\nArgs:\n")
    arguments, _, rest = rest.partition("\n\nReturns:\n")
    assert len(about.splitlines()[0]) > 5 and about.splitlines()[0].endswith((".", ":"))
    assert not about.startswith("Adds the op")
    assert re.findall(r"^  (\w+): ", arguments, re.MULTILINE) == list(
        inspect.signature(function).parameters
    )
    assert "Raises:" in rest and "ValueError" in rest
    assert max(map(len, function.__doc__.splitlines())) <= 100


def test_one_in_full() -> None:
    assert tf.nn.relu.__doc__ == (
        "max(x, 0).\n"
        "\n"
        "The result has the shape of `features`, and an element for each of its.\n"
        "\n"
        "Args:\n"
        "  features: A tensor of any real type or qint8.\n"
        "  name: A string or None: a name for the operation.\n"
        "\n"
        "Returns:\n"
        "  A tensor of the type of `features`.\n"
        "\n"
        "Raises:\n"
        "  TypeError: for a tensor of another type.\n"
        "  ValueError: for shapes that do not fit.\n"
        "  tf.errors.InvalidArgumentError: from the run, for what only then turns out not to fit."
    )
