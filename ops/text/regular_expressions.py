"""Regular expressions. TensorFlow uses RE2, this Python's `re`.

Patterns mean the same but for these: RE2 has no backreferences and no lookaround, and classes such
as `\\pL`, which `re` lacks. Both work on characters, and `\\w`, `\\d`, `\\s` and `\\b` on ASCII.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import fail
from flowc.ops.registry import host_op
from flowc.ops.text.strings import keeps_shape
from flowc.ops.text.texts import decode, elements, encode, map_texts, the_text

# What RE2 writes otherwise: `\z`, `\C`, and `$`, which in `re` also matches before a last newline.
_SYNTAX = re.compile(r"\\Q(.*?)(?:\\E|$)|\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]|\$", re.DOTALL)
_POSIX = {
    "alpha": "A-Za-z",
    "digit": "0-9",
    "alnum": "A-Za-z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "punct": r"!-/:-@\[-`{-~",
    "xdigit": "0-9A-Fa-f",
    "word": r"\w",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
}


def _translated(match: re.Match[str]) -> str:
    text = match[0]
    if text.startswith(r"\Q"):
        return re.escape(match[1])
    if text.startswith("["):
        return re.sub(r"\[:(\w+):\]", lambda m: _POSIX.get(m[1], m[0]), text)
    return {"$": r"\Z", r"\z": r"\Z", r"\C": r"[\s\S]"}.get(text, text)


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern for `re`. Raises InvalidArgumentError where it is none."""
    source = pattern if "(?m" in pattern else _SYNTAX.sub(_translated, pattern)
    try:
        return re.compile(source, re.ASCII)
    except re.error as error:
        raise fail(f"Invalid pattern: {pattern}, error: {error}") from None


@lru_cache(maxsize=256)
def _template(rewrite: str, groups: int) -> tuple[str | int, ...]:
    """A rewrite as texts and numbers of groups: backslash and digit stand for a group."""
    parts: list[str | int] = []
    for text in re.findall(r"\\.|[^\\]+|\\", rewrite, re.DOTALL):
        if text[0] != "\\":
            parts.append(text)
        elif text[1:].isdigit() and int(text[1:]) <= groups:
            parts.append(int(text[1:]))
        elif text == "\\\\":
            parts.append("\\")
        else:
            raise fail(f"Invalid rewrite pattern: {rewrite}")
    return tuple(parts)


def _replace(input: Array, pattern: str, rewrite: str, replace_global: bool) -> Array:
    expression = compiled(pattern)
    template = _template(rewrite, expression.groups)

    def written(match: re.Match[str]) -> str:
        return "".join((match[p] or "") if isinstance(p, int) else p for p in template)

    count = 0 if replace_global else 1
    return map_texts(lambda t: encode(expression.sub(written, decode(t), count=count)), input)


def _full_match(input: Array, pattern: str) -> Array:
    expression = compiled(pattern)
    found = [expression.fullmatch(decode(text)) is not None for text in elements(input)]
    return np.array(found, np.bool_).reshape(np.shape(input))


@host_op(
    "RegexReplace(input: string, pattern: string[], rewrite: string[]; replace_global: bool = true)"
    " -> output: string"
)
def regex_replace(input: Array, pattern: Array, rewrite: Array, *, replace_global: bool) -> Array:
    """What matches the pattern, everywhere or at first, replaced."""
    source, target = decode(the_text(pattern, "pattern")), decode(the_text(rewrite, "rewrite"))
    return _replace(input, source, target, replace_global)


@host_op(
    "StaticRegexReplace(input: string; pattern: string, rewrite: string,"
    " replace_global: bool = true) -> output: string"
)
def static_regex_replace(
    input: Array, *, pattern: str, rewrite: str, replace_global: bool
) -> Array:
    """RegexReplace for a pattern that is known when the graph is made."""
    return _replace(input, pattern, rewrite, replace_global)


@host_op("RegexFullMatch(input: string, pattern: string[]) -> output: bool")
def regex_full_match(input: Array, pattern: Array) -> Array:
    """Whether the whole string matches."""
    return _full_match(input, decode(the_text(pattern, "pattern")))


@host_op("StaticRegexFullMatch(input: string; pattern: string) -> output: bool")
def static_regex_full_match(input: Array, *, pattern: str) -> Array:
    """RegexFullMatch for a pattern that is known when the graph is made."""
    return _full_match(input, pattern)


keeps_shape(regex_replace, dtypes.string)
keeps_shape(static_regex_replace, dtypes.string)
keeps_shape(regex_full_match, dtypes.bool_)
keeps_shape(static_regex_full_match, dtypes.bool_)
