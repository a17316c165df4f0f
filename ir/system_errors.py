"""What the operating system refuses, as TensorFlow's errors: a full disk, a folder that is none."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from flowc.ir import errors
from flowc.ir.errors import OpError, UnknownError

_KINDS: dict[type[OpError], tuple[int, ...]] = {
    errors.InvalidArgumentError: (errno.EINVAL, errno.ENAMETOOLONG, errno.EILSEQ, errno.ESPIPE),
    errors.NotFoundError: (errno.ENOENT, errno.ENODEV, errno.ENXIO),
    errors.AlreadyExistsError: (errno.EEXIST,),
    errors.PermissionDeniedError: (errno.EPERM, errno.EACCES, errno.EROFS),
    errors.FailedPreconditionError: (
        errno.EISDIR,
        errno.ENOTDIR,
        errno.ENOTEMPTY,
        errno.EBADF,
        errno.EBUSY,
        errno.EPIPE,
        errno.ETXTBSY,
    ),
    errors.ResourceExhaustedError: (
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EMFILE,
        errno.ENFILE,
        errno.EMLINK,
        errno.ENOMEM,
    ),
    errors.OutOfRangeError: (errno.EFBIG, errno.EOVERFLOW),
    errors.UnimplementedError: (errno.ENOSYS, errno.ENOTSUP, errno.EXDEV),
    errors.UnavailableError: (errno.EAGAIN, errno.EINTR),
    errors.AbortedError: (errno.ESTALE, errno.EDEADLK),
    errors.DeadlineExceededError: (errno.ETIMEDOUT,),
}
_BY_NUMBER = {number: kind for kind, numbers in _KINDS.items() for number in numbers}


def of_system(error: OSError, path: object = None) -> OpError:
    """The error of TensorFlow's that an error of the operating system is: `path; reason`."""
    kind = _BY_NUMBER.get(error.errno or 0, UnknownError)
    place = error.filename if path is None else path
    reason = os.strerror(error.errno) if error.errno else str(error)
    where = os.fsdecode(place) if isinstance(place, str | bytes | os.PathLike) else ""
    return kind(None, None, f"{where}; {reason}" if where else reason)


@contextmanager
def system_errors(path: object = None) -> Iterator[None]:
    """Raise TensorFlow's error for every OSError inside; `path` is the file that is dealt with."""
    try:
        yield
    except OSError as error:
        raise of_system(error, path) from None


def make_folder(path: str | os.PathLike[str]) -> None:
    """Make a folder and those above it, where they are missing.

    Raises PermissionDeniedError, FailedPreconditionError below what is no folder, and kin.
    """
    with system_errors(path):
        try:
            os.makedirs(path, exist_ok=True)
        except FileExistsError:  # and is no folder
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
