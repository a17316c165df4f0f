"""One phrase for each of some names."""


def each(phrase: str, names: str) -> tuple[str, ...]:
    """The phrase with `@` replaced by each of the names, which spaces separate."""
    return tuple(phrase.replace("@", name) for name in names.split())
