"""`tf.initializers`: what variables begin with."""
# fmt: off

from flowc.frontend.initializers import Constant as constant
from flowc.frontend.initializers import GlorotNormal as glorot_normal
from flowc.frontend.initializers import GlorotUniform as glorot_uniform
from flowc.frontend.initializers import HeNormal as he_normal
from flowc.frontend.initializers import HeUniform as he_uniform
from flowc.frontend.initializers import Identity as identity
from flowc.frontend.initializers import LecunNormal as lecun_normal
from flowc.frontend.initializers import LecunUniform as lecun_uniform
from flowc.frontend.initializers import Ones as ones
from flowc.frontend.initializers import Orthogonal as orthogonal
from flowc.frontend.initializers import RandomNormal as random_normal
from flowc.frontend.initializers import RandomUniform as random_uniform
from flowc.frontend.initializers import TruncatedNormal as truncated_normal
from flowc.frontend.initializers import UniformUnitScaling as uniform_unit_scaling
from flowc.frontend.initializers import VarianceScaling as variance_scaling
from flowc.frontend.initializers import Zeros as zeros
from flowc.frontend.initializers import get
from flowc.frontend.variables.sets import global_variables_initializer as global_variables
from flowc.frontend.variables.sets import local_variables_initializer as local_variables
from flowc.frontend.variables.sets import tables_initializer
from flowc.frontend.variables.sets import variables_initializer as variables

__all__ = [
    "constant", "get", "global_variables", "glorot_normal", "glorot_uniform", "he_normal",
    "he_uniform", "identity", "lecun_normal", "lecun_uniform", "local_variables", "ones",
    "orthogonal", "random_normal", "random_uniform", "tables_initializer", "truncated_normal",
    "uniform_unit_scaling", "variables", "variance_scaling", "zeros",
]
