"""`tf.contrib.rnn`: the cells and loops of recurrent networks."""

from flowc.frontend.api.contrib_absent import absent
from flowc.frontend.contrib.cells import (
    EmbeddingWrapper,
    InputProjectionWrapper,
    LayerNormBasicLSTMCell,
    OutputProjectionWrapper,
)
from flowc.frontend.contrib.recurrent import (
    stack_bidirectional_dynamic_rnn,
    stack_bidirectional_rnn,
)
from flowc.frontend.rnn.cell import (
    LSTMStateTuple,
    RNNCell,
)
from flowc.frontend.rnn.cells import (
    BasicLSTMCell,
    BasicRNNCell,
    GRUCell,
    LSTMCell,
)
from flowc.frontend.rnn.static import (
    static_bidirectional_rnn,
    static_rnn,
    static_state_saving_rnn,
)
from flowc.frontend.rnn.wrappers import (
    DeviceWrapper,
    DropoutWrapper,
    MultiRNNCell,
    ResidualWrapper,
)

__all__ = [
    "BasicLSTMCell",
    "BasicRNNCell",
    "DeviceWrapper",
    "DropoutWrapper",
    "EmbeddingWrapper",
    "GRUCell",
    "InputProjectionWrapper",
    "LSTMCell",
    "LSTMStateTuple",
    "LayerNormBasicLSTMCell",
    "MultiRNNCell",
    "OutputProjectionWrapper",
    "RNNCell",
    "ResidualWrapper",
    "stack_bidirectional_dynamic_rnn",
    "stack_bidirectional_rnn",
    "static_bidirectional_rnn",
    "static_rnn",
    "static_state_saving_rnn",
]

__getattr__ = absent(
    "contrib.rnn",
    __all__,
    {
        "LSTMBlockCell": "use LSTMCell, whose loop is compiled",
        "LSTMBlockFusedCell": "use LSTMCell with tf.nn.dynamic_rnn",
        "GRUBlockCell": "use GRUCell",
        "GRUBlockCellV2": "use GRUCell",
    },
)
