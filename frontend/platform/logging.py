"""`tf.logging`: messages on standard error, under the logger `tensorflow`."""

from __future__ import annotations

import logging as _logging
import sys
from typing import Any

DEBUG = _logging.DEBUG
INFO = _logging.INFO
WARN = _logging.WARNING
ERROR = _logging.ERROR
FATAL = _logging.CRITICAL

_logger = _logging.getLogger("tensorflow")


def get_logger() -> _logging.Logger:
    """The logger that these functions write to."""
    return _logger


_counts: dict[tuple[int, str], int] = {}


def _prepared() -> _logging.Logger:
    """The logger, with a handler where nobody has set up logging."""
    if not _logger.handlers and not _logging.getLogger().handlers:
        handler = _logging.StreamHandler(sys.stderr)
        handler.setFormatter(_logging.Formatter("%(levelname)s:%(name)s:%(message)s"))
        _logger.addHandler(handler)
        if _logger.level == _logging.NOTSET:
            _logger.setLevel(WARN)
    return _logger


def log(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log at a level."""
    _prepared().log(level, msg, *args, **kwargs)


def debug(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log for debugging."""
    _prepared().debug(msg, *args, **kwargs)


def info(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log information; shown after `set_verbosity(INFO)`."""
    _prepared().info(msg, *args, **kwargs)


def warning(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log a warning."""
    _prepared().warning(msg, *args, **kwargs)


warn = warning


def error(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log an error."""
    _prepared().error(msg, *args, **kwargs)


def fatal(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log a fatal error; the program goes on."""
    _prepared().fatal(msg, *args, **kwargs)


def vlog(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log at a level."""
    log(level, msg, *args, **kwargs)


def log_first_n(level: int, msg: str, n: int, *args: Any) -> None:
    """Log the first n times that the message comes."""
    count = _counts[level, msg] = _counts.get((level, msg), 0) + 1
    if count <= n:
        log(level, msg, *args)


def log_every_n(level: int, msg: str, n: int, *args: Any) -> None:
    """Log every n-th time that the message comes, beginning with the first."""
    count = _counts[level, msg] = _counts.get((level, msg), 0) + 1
    if count % n == 1 or n == 1:
        log(level, msg, *args)


def log_if(level: int, msg: str, condition: bool, *args: Any) -> None:
    """Log where the condition holds."""
    if condition:
        log(level, msg, *args)


def get_verbosity() -> int:
    """The least level that is shown."""
    return _prepared().getEffectiveLevel()


def set_verbosity(v: int | str) -> None:
    """Show messages of this level and above."""
    _prepared().setLevel(v)


def flush() -> None:
    """Write everything out."""
    for handler in _logger.handlers:
        handler.flush()
