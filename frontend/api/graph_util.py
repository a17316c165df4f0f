"""`tf.graph_util`: parts of graphs."""

from flowc.frontend.saving.freezing import (
    convert_variables_to_constants as convert_variables_to_constants,
)
from flowc.frontend.saving.freezing import (
    extract_sub_graph as extract_sub_graph,
)
from flowc.frontend.saving.freezing import (
    remove_training_nodes as remove_training_nodes,
)
