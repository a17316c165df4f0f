"""`contrib.training.HParams`: named values of fixed types, read from text or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_ENTRY = re.compile(
    r"(?P<name>[a-zA-Z][\w.]*)(?:\[\s*(?P<index>\d+)\s*\])?\s*=\s*"
    r"(?:(?P<value>[^,\[]*)|\[(?P<values>[^\]]*)\])(?:$|,\s*)"
)


class HParams:
    """Values by name, which are attributes too: `HParams(rate=0.1, sizes=[10, 20]).rate`.

    The type of a first value is that of later ones. A list has elements of one type.
    """

    def __init__(self, hparam_def: Any = None, model_structure: Any = None, **kwargs: Any) -> None:
        if hparam_def is not None:
            raise ValueError("HParams are made of keywords; an HParamDef is not known here.")
        self._hparam_types: dict[str, tuple[type, bool]] = {}
        self._model_structure = model_structure
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def add_hparam(self, name: str, value: Any) -> None:
        """A further value. Raises ValueError for a name that is taken and for an empty list."""
        if getattr(self, name, None) is not None:
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        is_list = isinstance(value, list | tuple)
        if is_list and not value:
            raise ValueError(f"Multi-valued hyperparameters cannot be empty: {name}")
        self._hparam_types[name] = (type(value[0] if is_list else value), is_list)
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        """Another value of the same type. Raises KeyError, ValueError."""
        kind, is_list = self._hparam_types[name]
        if isinstance(value, list) != is_list:
            raise ValueError(
                f"Must {'' if is_list else 'not '}pass a list for "
                f"{'multi' if is_list else 'single'}-valued parameter: {name}"
            )
        if is_list:
            setattr(self, name, [_as_kind(name, kind, v) for v in value])
        else:
            setattr(self, name, _as_kind(name, kind, value))

    def del_hparam(self, name: str) -> None:
        """Forget a value."""
        if hasattr(self, name):
            delattr(self, name)
            del self._hparam_types[name]

    def parse(self, values: str) -> HParams:
        """Values from text such as `rate=0.1,sizes=[1,2],sizes[0]=3`. Raises ValueError."""
        at = 0
        changed: dict[str, Any] = {}
        while at < len(values):
            entry = _ENTRY.match(values, at)
            if entry is None:
                raise ValueError(f"Malformed hyperparameter value: {values[at:]}")
            at = entry.end()
            self._take(entry, changed)
        return self.override_from_dict(changed)

    def _take(self, entry: re.Match[str], changed: dict[str, Any]) -> None:
        name = entry["name"]
        if name not in self._hparam_types:
            raise ValueError(f"Unknown hyperparameter type for {name}")
        kind, _ = self._hparam_types[name]
        if entry["values"] is not None:
            parts = [part.strip() for part in entry["values"].split(",") if part.strip()]
            changed[name] = [_parsed(name, kind, part) for part in parts]
        elif entry["index"] is not None:
            elements = changed.setdefault(name, list(getattr(self, name)))
            elements[int(entry["index"])] = _parsed(name, kind, entry["value"])
        else:
            if name in changed:
                raise ValueError(f"Multiple assignments to variable '{name}'")
            changed[name] = _parsed(name, kind, entry["value"])

    def override_from_dict(self, values_dict: Mapping[str, Any]) -> HParams:
        """Other values by name. Raises KeyError for an unknown one, ValueError for another type."""
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    set_from_map = override_from_dict

    def set_model_structure(self, model_structure: Any) -> None:
        """Keep a description of the model."""
        self._model_structure = model_structure

    def get_model_structure(self) -> Any:
        """The description of the model."""
        return self._model_structure

    def to_json(
        self, indent: int | None = None, separators: Any = None, sort_keys: bool = False
    ) -> str:
        """The values as JSON."""
        return json.dumps(self.values(), indent=indent, separators=separators, sort_keys=sort_keys)

    def parse_json(self, values_json: str) -> HParams:
        """Values from JSON. Raises KeyError, ValueError."""
        return self.override_from_dict(json.loads(values_json))

    def values(self) -> dict[str, Any]:
        """The values by name."""
        return {name: getattr(self, name) for name in self._hparam_types}

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or the default where there is none. Raises ValueError for another type."""
        if key not in self._hparam_types:
            return default
        kind, is_list = self._hparam_types[key]
        if default is not None:
            if isinstance(default, list) != is_list:
                raise ValueError(f"Hparam '{key}' is incompatible with default={default}")
            for value in default if is_list else [default]:
                _as_kind(key, kind, value)
        return getattr(self, key)

    def __contains__(self, key: str) -> bool:
        return key in self._hparam_types

    def __str__(self) -> str:
        return ",".join(f"{name}={value}" for name, value in self.values().items())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({sorted(self.values().items())})"


def _as_kind(name: str, kind: type, value: Any) -> Any:
    """A value as the type of the first. Raises ValueError where it would lose what it is."""
    if type(value) is kind or kind is type(None):
        return value
    fits = (
        not issubclass(kind, str | bytes) or isinstance(value, str | bytes),
        issubclass(kind, bool) == isinstance(value, bool),
        not issubclass(kind, int) or isinstance(value, int),
        not issubclass(kind, int | float) or isinstance(value, int | float),
    )
    if not all(fits):
        raise ValueError(f"Could not cast hparam '{name}' of type '{kind}' from value {value!r}")
    return kind(value)


def _parsed(name: str, kind: type, text: str) -> Any:
    try:
        if kind is bool:
            words = {"true": True, "false": False}
            return words[text.lower()] if text.lower() in words else bool(int(text))
        return kind(text)
    except ValueError:
        raise ValueError(
            f"Could not parse hparam '{name}' of type '{kind.__name__}' with value '{text}'"
        ) from None
