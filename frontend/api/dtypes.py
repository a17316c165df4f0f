"""`tf.dtypes`: element types."""

from flowc.frontend.functions.mathematics import (
    cast as cast,
)
from flowc.frontend.functions.mathematics import (
    complex_ as complex,
)
from flowc.frontend.functions.mathematics import (
    saturate_cast as saturate_cast,
)
from flowc.ir.dtypes import (
    DType as DType,
)
from flowc.ir.dtypes import (
    as_dtype as as_dtype,
)
from flowc.ir.dtypes import (
    bfloat16 as bfloat16,
)
from flowc.ir.dtypes import (
    bool_ as bool,
)
from flowc.ir.dtypes import (
    complex64 as complex64,
)
from flowc.ir.dtypes import (
    complex128 as complex128,
)
from flowc.ir.dtypes import (
    float16 as float16,
)
from flowc.ir.dtypes import (
    float16 as half,
)
from flowc.ir.dtypes import (
    float32 as float32,
)
from flowc.ir.dtypes import (
    float64 as double,
)
from flowc.ir.dtypes import (
    float64 as float64,
)
from flowc.ir.dtypes import (
    int8 as int8,
)
from flowc.ir.dtypes import (
    int16 as int16,
)
from flowc.ir.dtypes import (
    int32 as int32,
)
from flowc.ir.dtypes import (
    int64 as int64,
)
from flowc.ir.dtypes import (
    qint8 as qint8,
)
from flowc.ir.dtypes import (
    qint16 as qint16,
)
from flowc.ir.dtypes import (
    qint32 as qint32,
)
from flowc.ir.dtypes import (
    quint8 as quint8,
)
from flowc.ir.dtypes import (
    quint16 as quint16,
)
from flowc.ir.dtypes import (
    resource as resource,
)
from flowc.ir.dtypes import (
    string as string,
)
from flowc.ir.dtypes import (
    uint8 as uint8,
)
from flowc.ir.dtypes import (
    uint16 as uint16,
)
from flowc.ir.dtypes import (
    uint32 as uint32,
)
from flowc.ir.dtypes import (
    uint64 as uint64,
)
from flowc.ir.dtypes import (
    variant as variant,
)
