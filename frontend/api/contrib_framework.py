"""`tf.contrib.framework`: argument scopes, variables, checkpoints, the global step."""

from flowc.frontend import nest
from flowc.frontend.api.contrib_absent import absent
from flowc.frontend.contrib.arg_scope import (
    add_arg_scope,
    arg_scope,
    arg_scope_func_key,
    arg_scoped_arguments,
    current_arg_scope,
    has_arg_scope,
)
from flowc.frontend.contrib.variables import (
    add_model_variable,
    assign_from_checkpoint,
    assign_from_checkpoint_fn,
    assign_from_values,
    assign_from_values_fn,
    filter_variables,
    get_local_variables,
    get_model_variables,
    get_trainable_variables,
    get_unique_variable,
    get_variables,
    get_variables_by_name,
    get_variables_by_suffix,
    get_variables_to_restore,
    local_variable,
    model_variable,
    variable,
)
from flowc.frontend.functions.general import (
    is_tensor,
)
from flowc.frontend.functions.more_checks import (
    assert_same_float_dtype,
    assert_scalar,
)
from flowc.frontend.functions.selection import (
    argsort,
    sort,
)
from flowc.frontend.saving.checkpoints import (
    checkpoints_iterator,
    list_variables,
    load_checkpoint,
    load_variable,
)
from flowc.frontend.training.from_checkpoints import (
    init_from_checkpoint,
)
from flowc.frontend.training.global_step import (
    assert_global_step,
    create_global_step,
    get_global_step,
    get_or_create_global_step,
)

__all__ = [
    "add_arg_scope",
    "add_model_variable",
    "arg_scope",
    "arg_scope_func_key",
    "arg_scoped_arguments",
    "argsort",
    "assert_global_step",
    "assert_same_float_dtype",
    "assert_scalar",
    "assign_from_checkpoint",
    "assign_from_checkpoint_fn",
    "assign_from_values",
    "assign_from_values_fn",
    "checkpoints_iterator",
    "create_global_step",
    "current_arg_scope",
    "filter_variables",
    "get_global_step",
    "get_local_variables",
    "get_model_variables",
    "get_or_create_global_step",
    "get_trainable_variables",
    "get_unique_variable",
    "get_variables",
    "get_variables_by_name",
    "get_variables_by_suffix",
    "get_variables_to_restore",
    "has_arg_scope",
    "init_from_checkpoint",
    "is_tensor",
    "list_variables",
    "load_checkpoint",
    "load_variable",
    "local_variable",
    "model_variable",
    "nest",
    "sort",
    "variable",
]

__getattr__ = absent("contrib.framework", __all__)
