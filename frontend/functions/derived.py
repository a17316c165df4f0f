"""Functions that follow from an op's signature: `tf.exp(x, name=None)` from `Exp(x: T) -> y: T`.

Their parameters are the op's inputs and those attributes that the inputs do not determine, in the
signature's order, then `name`, and what later versions of an op added.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from flowc.frontend.apply import apply_op, lookup, outputs_of
from flowc.frontend.functions.documentation import docstring
from flowc.ops.registry import OPS, OpDefinition

# Attributes that ops got after their functions were public: these stand behind `name`.
_LATER = frozenset(
    {
        "bad_indices_policy",
        "expand_animations",
        "explicit_paddings",
        "half_pixel_centers",
        "incompatible_shape_error",
    }
)


class DerivedFunction:
    """A function that adds one op. `names` renames parameters; the rest keep the op's names."""

    def __init__(
        self,
        op_type: str,
        python_name: str = "",
        names: Mapping[str, str] | None = None,
        keywords_only: bool = False,
    ) -> None:
        self.op_type = op_type
        self._keywords_only = keywords_only
        self.__name__ = python_name or op_type
        self.__qualname__ = self.__name__
        self._names = dict(names or {})

    @cached_property
    def _definition(self) -> OpDefinition:
        return lookup(self.op_type)

    @cached_property
    def _inputs(self) -> list[str]:
        return [self._names.get(a.name, a.name) for a in self._definition.signature.inputs]

    @cached_property
    def _attributes(self) -> dict[str, str]:
        """Parameter name -> attribute name."""
        signature = self._definition.signature
        inferred = {a.type_attr for a in signature.inputs} | {
            a.number_attr for a in signature.inputs
        }
        free = [a for a in signature.attributes if a.name not in inferred]
        free.sort(key=lambda a: a.has_default)
        return {self._names.get(a.name, a.name): a.name for a in free}

    @cached_property
    def _parameters(self) -> list[str]:
        early = [name for name in self._attributes if name not in _LATER]
        late = [name for name in self._attributes if name in _LATER]
        return [*self._inputs, *early, "name", *late]

    @cached_property
    def __signature__(self) -> inspect.Signature:
        defaults = {
            a.name: a.default for a in self._definition.signature.attributes if a.has_default
        } | {"name": None}
        attributes = {**self._attributes, "name": "name"}
        parameter = inspect.Parameter
        return inspect.Signature(
            [
                parameter(
                    name,
                    parameter.KEYWORD_ONLY
                    if self._keywords_only
                    else parameter.POSITIONAL_OR_KEYWORD,
                    default=defaults.get(attributes.get(name, ""), parameter.empty),
                )
                for name in self._parameters
            ]
        )

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        if OPS.get(self.op_type) is None:
            return f"Not there: flowc does not have the op {self.op_type}."
        return docstring(self._definition, self._parameters, self._names)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if args and self._keywords_only:
            raise TypeError(
                f"{self.__name__} only takes keyword args (possible keys: {self._parameters}). "
                "Please pass these args as kwargs instead."
            )
        if not kwargs and len(args) == len(self._inputs):
            return outputs_of(apply_op(self.op_type, args, {}))
        bound = self._bind(args, kwargs)
        inputs = [bound.pop(name) for name in self._inputs]
        name = bound.pop("name", None)
        attributes = {self._attributes[key]: value for key, value in bound.items()}
        return outputs_of(apply_op(self.op_type, inputs, attributes, name))

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments by parameter. Raises TypeError as a function would."""
        if len(args) > len(self._parameters):
            raise TypeError(
                f"{self.__name__}() takes at most {len(self._parameters)} arguments "
                f"({len(args)} given)"
            )
        bound = dict(zip(self._parameters, args, strict=False))
        for key, value in kwargs.items():
            if key in bound:
                raise TypeError(f"{self.__name__}() got multiple values for argument {key!r}")
            if key not in self._parameters:
                raise TypeError(f"{self.__name__}() got an unexpected keyword argument {key!r}")
            bound[key] = value
        missing = [name for name in self._inputs if name not in bound]
        if missing:
            raise TypeError(f"{self.__name__}() missing required arguments: {', '.join(missing)}")
        return bound

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"


def derive(op_type: str, python_name: str = "", **names: str) -> Any:
    """The function for an op; keyword arguments rename its parameters: `dimension="axis"`."""
    return DerivedFunction(op_type, python_name, names)
