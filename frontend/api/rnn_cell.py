"""`tf.nn.rnn_cell`: the cells of recurrent networks."""

from flowc.frontend.rnn.cell import LSTMStateTuple, RNNCell
from flowc.frontend.rnn.cells import BasicLSTMCell, BasicRNNCell, GRUCell, LSTMCell
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
    "GRUCell",
    "LSTMCell",
    "LSTMStateTuple",
    "MultiRNNCell",
    "RNNCell",
    "ResidualWrapper",
]
