"""`tf.errors`: the errors that running a graph raises."""

from flowc.ir.errors import (
    AbortedError as AbortedError,
)
from flowc.ir.errors import (
    AlreadyExistsError as AlreadyExistsError,
)
from flowc.ir.errors import (
    CancelledError as CancelledError,
)
from flowc.ir.errors import (
    DataLossError as DataLossError,
)
from flowc.ir.errors import (
    DeadlineExceededError as DeadlineExceededError,
)
from flowc.ir.errors import (
    FailedPreconditionError as FailedPreconditionError,
)
from flowc.ir.errors import (
    InternalError as InternalError,
)
from flowc.ir.errors import (
    InvalidArgumentError as InvalidArgumentError,
)
from flowc.ir.errors import (
    NotFoundError as NotFoundError,
)
from flowc.ir.errors import (
    OpError as OpError,
)
from flowc.ir.errors import (
    OutOfRangeError as OutOfRangeError,
)
from flowc.ir.errors import (
    PermissionDeniedError as PermissionDeniedError,
)
from flowc.ir.errors import (
    ResourceExhaustedError as ResourceExhaustedError,
)
from flowc.ir.errors import (
    UnauthenticatedError as UnauthenticatedError,
)
from flowc.ir.errors import (
    UnavailableError as UnavailableError,
)
from flowc.ir.errors import (
    UnimplementedError as UnimplementedError,
)
from flowc.ir.errors import (
    UnknownError as UnknownError,
)
