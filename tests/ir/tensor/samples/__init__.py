"""One or more samples of every primitive: a small program, its inputs, and the known answer."""

from tests.ir.tensor.samples.contraction import SAMPLES as CONTRACTION
from tests.ir.tensor.samples.control import SAMPLES as CONTROL
from tests.ir.tensor.samples.elementwise import SAMPLES as ELEMENTWISE
from tests.ir.tensor.samples.indexing import SAMPLES as INDEXING
from tests.ir.tensor.samples.movement import SAMPLES as MOVEMENT
from tests.ir.tensor.samples.reduction import SAMPLES as REDUCTION

SAMPLES = [*ELEMENTWISE, *MOVEMENT, *INDEXING, *CONTRACTION, *REDUCTION, *CONTROL]
