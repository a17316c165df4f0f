"""`tf.flags`: command-line options, defined by `DEFINE_*` and read as attributes of `FLAGS`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any


class Error(Exception):
    """A flag is unknown, defined twice, or has a bad value."""


class ValidationError(Error):
    """A flag has a value that the program does not accept."""


@dataclass
class Flag:
    """One option: how its text is parsed, and its value."""

    name: str
    default: Any
    help: str
    parse: Callable[[str], Any]
    is_bool: bool = False
    is_multi: bool = False  # may be given several times
    value: Any = None
    present: bool = False

    def __post_init__(self) -> None:
        self.value = self.default


class FlagValues:
    """All flags; the command line is parsed when a value is first read."""

    def __init__(self) -> None:
        self.__dict__["_flags"] = {}
        self.__dict__["_parsed"] = False
        self.__dict__["_validators"] = []

    def __call__(self, argv: Sequence[str], known_only: bool = False) -> list[str]:
        """Parse the arguments behind the first; returns the first and those that are no flags.

        Raises Error for an unknown flag, unless `known_only`.
        """
        rest = [argv[0]] if argv else []
        arguments = iter(argv[1:])
        for text in arguments:
            if text == "--":
                rest.extend(arguments)
                break
            if not text.startswith("-") or text == "-":
                rest.append(text)
            elif not self._take(text.lstrip("-"), arguments):
                if not known_only:
                    raise Error(f"Unknown command line flag '{text.lstrip('-').split('=')[0]}'")
                rest.append(text)
        self.__dict__["_parsed"] = True
        for check in self._validators:
            check()
        return rest

    def _take(self, text: str, arguments: Iterator[str]) -> bool:
        """Set the flag that `text` begins; false where there is no such flag."""
        name, equals, value = text.partition("=")
        flag = self._flags.get(name)
        if flag is None and name.startswith("no") and name[2:] in self._flags:
            flag, value, equals = self._flags[name[2:]], "false", "="
        if flag is None:
            return False
        if not equals:
            value = "true" if flag.is_bool else next(arguments, "")
            if not value:
                raise Error(f"Missing value for flag {name}")
        try:
            given = flag.parse(value)
        except ValueError as error:
            raise Error(f"flag --{name}={value}: {error}") from None
        if flag.is_multi:
            given = [*(flag.value if flag.present else []), given]
        flag.value, flag.present = given, True
        return True

    def _parse_once(self) -> None:
        if not self._parsed:
            self(sys.argv, known_only=True)

    def __getattr__(self, name: str) -> Any:
        flags = self.__dict__["_flags"]
        if name not in flags:
            raise AttributeError(f"Unknown command line flag '{name}'")
        self._parse_once()
        return flags[name].value

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._flags:
            raise AttributeError(f"Unknown command line flag '{name}'")
        self._parse_once()
        self._flags[name].value = value

    def __getitem__(self, name: str) -> Flag:
        flag: Flag = self._flags[name]
        return flag

    def __contains__(self, name: str) -> bool:
        return name in self._flags

    def __iter__(self) -> Iterator[str]:
        return iter(self._flags)

    def flag_values_dict(self) -> dict[str, Any]:
        """All values by name."""
        self._parse_once()
        return {name: flag.value for name, flag in self._flags.items()}

    def is_parsed(self) -> bool:
        """True when the command line has been parsed."""
        parsed: bool = self._parsed
        return parsed

    def get_flag_value(self, name: str, default: Any) -> Any:
        """The value of a flag, `default` where it is None or there is no such flag."""
        found = getattr(self, name) if name in self else None
        return default if found is None else found

    def set_default(self, name: str, value: Any) -> None:
        """Another value for a flag that is not given."""
        flag = self[name]
        flag.default = value
        if not flag.present:
            flag.value = value

    def define(self, flag: Flag) -> None:
        """Add a flag. Raises Error where the name is taken by another."""
        old = self._flags.get(flag.name)
        if old is not None and (old.default, old.help) != (flag.default, flag.help):
            raise Error(f"The flag '{flag.name}' is defined twice.")
        self._flags[flag.name] = flag

    def require(self, check: Callable[[], None]) -> None:
        """Call `check` when the command line is parsed; it raises Error."""
        self._validators.append(check)


FLAGS = FlagValues()


def _bool(text: str) -> bool:
    if text.lower() in ("true", "t", "1", "yes"):
        return True
    if text.lower() in ("false", "f", "0", "no"):
        return False
    raise ValueError("Non-boolean argument to boolean flag")


def _define(
    name: str, default: Any, help: str, parse: Callable[[str], Any], **options: Any
) -> None:
    FLAGS.define(Flag(name, default, help or "", parse, **options))


def DEFINE_string(name: str, default: str | None, help: str = "", **kwargs: Any) -> None:
    """A flag that is text."""
    _define(name, default, help, str)


def DEFINE_integer(name: str, default: int | None, help: str = "", **kwargs: Any) -> None:
    """A flag that is an integer."""
    _define(name, default, help, lambda text: int(text, 0))


def DEFINE_float(name: str, default: float | None, help: str = "", **kwargs: Any) -> None:
    """A flag that is a number."""
    _define(name, default, help, float)


def DEFINE_boolean(name: str, default: Any, help: str = "", **kwargs: Any) -> None:
    """A flag that is true or false: `--name`, `--noname` or `--name=false`."""
    _define(
        name, _bool(default) if isinstance(default, str) else default, help, _bool, is_bool=True
    )


DEFINE_bool = DEFINE_boolean


def DEFINE_enum(
    name: str, default: str | None, enum_values: Sequence[str], help: str = "", **kwargs: Any
) -> None:
    """A flag that is one of some texts."""

    def parse(text: str) -> str:
        if text not in enum_values:
            raise ValueError(f"value should be one of <{'|'.join(enum_values)}>")
        return text

    _define(name, default, help, parse)


def DEFINE_list(name: str, default: Any, help: str = "", **kwargs: Any) -> None:
    """A flag that is a list, its elements divided by commas."""
    start = default.split(",") if isinstance(default, str) else default
    _define(name, start, help, lambda text: [part.strip() for part in text.split(",")])


def DEFINE_spaceseplist(name: str, default: Any, help: str = "", **kwargs: Any) -> None:
    """A flag that is a list, its elements divided by white space."""
    start = default.split() if isinstance(default, str) else default
    _define(name, start, help, lambda text: text.split())


def _define_multi(name: str, default: Any, help: str, parse: Callable[[str], Any]) -> None:
    start = [default] if isinstance(default, str | int | float) else default
    _define(name, None if start is None else list(start), help, parse, is_multi=True)


def DEFINE_multi_string(name: str, default: Any, help: str = "", **kwargs: Any) -> None:
    """A flag that is text and may be given several times: a list."""
    _define_multi(name, default, help, str)


def DEFINE_multi_integer(name: str, default: Any, help: str = "", **kwargs: Any) -> None:
    """A flag that is an integer and may be given several times: a list."""
    _define_multi(name, default, help, lambda text: int(text, 0))


def DEFINE_multi_float(name: str, default: Any, help: str = "", **kwargs: Any) -> None:
    """A flag that is a number and may be given several times: a list."""
    _define_multi(name, default, help, float)


def DEFINE_alias(name: str, original_name: str, **kwargs: Any) -> None:
    """Another name of a flag."""
    FLAGS._flags[name] = FLAGS[original_name]


def register_validator(
    flag_name: str,
    checker: Callable[[Any], Any],
    message: str = "Flag validation failed",
    flag_values: FlagValues | None = None,
) -> None:
    """Raise ValidationError, when the command line is parsed, unless `checker(value)` is true."""
    values = FLAGS if flag_values is None else flag_values

    def check() -> None:
        if not checker(values[flag_name].value):
            raise ValidationError(f"flag --{flag_name}={values[flag_name].value}: {message}")

    values.require(check)


def validator(
    flag_name: str, message: str = "Flag validation failed", flag_values: FlagValues | None = None
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Decorator: `register_validator`."""

    def decorate(checker: Callable[[Any], Any]) -> Callable[[Any], Any]:
        register_validator(flag_name, checker, message, flag_values)
        return checker

    return decorate


def mark_flags_as_mutual_exclusive(
    flag_names: Sequence[str], required: bool = False, flag_values: FlagValues | None = None
) -> None:
    """Raise ValidationError, when the command line is parsed, where several flags have values."""
    values = FLAGS if flag_values is None else flag_values

    def check() -> None:
        count = sum(values[name].value is not None for name in flag_names)
        if count > 1 or (required and not count):
            wanted = "Exactly" if required else "At most"
            raise ValidationError(
                f"{wanted} one of ({', '.join(flag_names)}) must have a value other than None."
            )

    values.require(check)


def adopt_module_key_flags(module: Any, flag_values: Any = None) -> None:
    """Nothing to do: all flags are shown alike."""


def declare_key_flag(flag_name: str, flag_values: Any = None) -> None:
    """Nothing to do: all flags are shown alike."""


def mark_flag_as_required(name: str, flag_values: FlagValues = FLAGS) -> None:
    """Raise Error, when the command line is parsed, where the flag has no value."""

    def check() -> None:
        if flag_values[name].value is None:
            raise Error(f"Flag --{name} must have a value other than None.")

    flag_values.require(check)


def mark_flags_as_required(names: Sequence[str], flag_values: FlagValues = FLAGS) -> None:
    """`mark_flag_as_required` for several flags."""
    for name in names:
        mark_flag_as_required(name, flag_values)
