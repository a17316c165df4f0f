"""`tf.metrics`: values accumulated over runs."""

from flowc.frontend.functions.metrics import (
    accuracy as accuracy,
)
from flowc.frontend.functions.metrics import (
    false_negatives as false_negatives,
)
from flowc.frontend.functions.metrics import (
    false_positives as false_positives,
)
from flowc.frontend.functions.metrics import (
    mean as mean,
)
from flowc.frontend.functions.metrics import (
    mean_absolute_error as mean_absolute_error,
)
from flowc.frontend.functions.metrics import (
    mean_iou as mean_iou,
)
from flowc.frontend.functions.metrics import (
    mean_per_class_accuracy as mean_per_class_accuracy,
)
from flowc.frontend.functions.metrics import (
    mean_relative_error as mean_relative_error,
)
from flowc.frontend.functions.metrics import (
    mean_squared_error as mean_squared_error,
)
from flowc.frontend.functions.metrics import (
    mean_tensor as mean_tensor,
)
from flowc.frontend.functions.metrics import (
    percentage_below as percentage_below,
)
from flowc.frontend.functions.metrics import (
    precision as precision,
)
from flowc.frontend.functions.metrics import (
    recall as recall,
)
from flowc.frontend.functions.metrics import (
    root_mean_squared_error as root_mean_squared_error,
)
from flowc.frontend.functions.metrics import (
    true_negatives as true_negatives,
)
from flowc.frontend.functions.metrics import (
    true_positives as true_positives,
)
