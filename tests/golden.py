"""Golden text: expected output that lies in a file of its own."""

from pathlib import Path


class Golden:
    """Compares text with a file under `tests/`, or writes that file when blessing."""

    def __init__(self, bless: bool) -> None:
        self.bless = bless

    def check(self, path: Path, text: str) -> None:
        """Fails unless `path` holds exactly `text`; with `--bless`, makes it so."""
        if self.bless:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            return
        assert path.exists(), f"{path} is missing; make it with: pytest --bless {path.parent}"
        assert text == path.read_text(), f"{path.name} differs; if that is right: pytest --bless"
