"""`tf.losses`: weighted losses, collected in the graph."""

from flowc.frontend.functions.losses import (
    Reduction as Reduction,
)
from flowc.frontend.functions.losses import (
    absolute_difference as absolute_difference,
)
from flowc.frontend.functions.losses import (
    add_loss as add_loss,
)
from flowc.frontend.functions.losses import (
    compute_weighted_loss as compute_weighted_loss,
)
from flowc.frontend.functions.losses import (
    cosine_distance as cosine_distance,
)
from flowc.frontend.functions.losses import (
    get_losses as get_losses,
)
from flowc.frontend.functions.losses import (
    get_regularization_loss as get_regularization_loss,
)
from flowc.frontend.functions.losses import (
    get_regularization_losses as get_regularization_losses,
)
from flowc.frontend.functions.losses import (
    get_total_loss as get_total_loss,
)
from flowc.frontend.functions.losses import (
    hinge_loss as hinge_loss,
)
from flowc.frontend.functions.losses import (
    huber_loss as huber_loss,
)
from flowc.frontend.functions.losses import (
    log_loss as log_loss,
)
from flowc.frontend.functions.losses import (
    mean_pairwise_squared_error as mean_pairwise_squared_error,
)
from flowc.frontend.functions.losses import (
    mean_squared_error as mean_squared_error,
)
from flowc.frontend.functions.losses import (
    sigmoid_cross_entropy as sigmoid_cross_entropy,
)
from flowc.frontend.functions.losses import (
    softmax_cross_entropy as softmax_cross_entropy,
)
from flowc.frontend.functions.losses import (
    sparse_softmax_cross_entropy as sparse_softmax_cross_entropy,
)
