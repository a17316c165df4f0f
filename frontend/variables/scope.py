"""`get_variable` and `variable_scope`: variables shared by name.

A graph has one store of such variables. A `VariableScope` is a prefix of names with defaults for
what is created inside.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from types import TracebackType
from typing import TYPE_CHECKING, Any

from flowc.frontend.aliases import DTypeLike, ShapeLike
from flowc.frontend.apply import graph_of
from flowc.frontend.collections import GraphKeys
from flowc.frontend.conversion import as_array
from flowc.frontend.frames import describe
from flowc.frontend.initializers import default_initializer
from flowc.frontend.shapes import TensorShape, as_shape
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.openings import Openings
from flowc.frontend.variables.variable import (
    Variable,
    VariableAggregation,
    VariableSynchronization,
)
from flowc.ir import dtypes
from flowc.ir.dtypes import DType, as_dtype

if TYPE_CHECKING:
    from collections.abc import Iterator

_STORE_KEY: Any = ("__variable_store",)
_SCOPE_KEY: Any = ("__varscope",)


class _ReuseMode(Enum):
    AUTO_REUSE = 1

    def __repr__(self) -> str:
        return "<_ReuseMode.AUTO_REUSE>"


AUTO_REUSE = _ReuseMode.AUTO_REUSE


@dataclass(eq=False)
class VariableScope:
    """A prefix of variable names, with defaults for the variables made inside."""

    reuse: bool | _ReuseMode | None = None
    name: str = ""
    initializer: Any = None
    regularizer: Any = None
    caching_device: Any = None
    partitioner: Any = None
    custom_getter: Any = None
    original_name_scope: str = ""
    dtype: Any = dtypes.float32
    use_resource: bool | None = None
    constraint: Any = None

    def reuse_variables(self) -> None:
        """From now on, find variables and make none."""
        self.reuse = True

    def set_initializer(self, initializer: Any) -> None:
        """Set the default initializer."""
        self.initializer = initializer

    def set_regularizer(self, regularizer: Any) -> None:
        """Set the default regularizer."""
        self.regularizer = regularizer

    def set_caching_device(self, caching_device: Any) -> None:
        """Accepted for compatibility."""
        self.caching_device = caching_device

    def set_partitioner(self, partitioner: Any) -> None:
        """Accepted for compatibility: variables are kept whole."""
        self.partitioner = partitioner

    def set_custom_getter(self, custom_getter: Any) -> None:
        """Set the function through which variables are got."""
        self.custom_getter = custom_getter

    def set_dtype(self, dtype: DTypeLike) -> None:
        """Set the default dtype."""
        self.dtype = dtype

    def set_use_resource(self, use_resource: bool) -> None:
        """Set the kind of variables made inside."""
        self.use_resource = use_resource

    def get_collection(self, name: str) -> list[Any]:
        """The items of a collection whose names begin with this scope."""
        return get_default_graph().get_collection(name, f"{self.name}/" if self.name else "")

    def trainable_variables(self) -> list[Any]:
        """The trainable variables of this scope."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self) -> list[Any]:
        """The global variables of this scope."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self) -> list[Any]:
        """The local variables of this scope."""
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def get_variable(self, name: str, **arguments: Any) -> Any:
        """The variable `name` of this scope; see the function `get_variable`."""
        full_name = f"{self.name}/{name}" if self.name else name
        _require_dtype(arguments.get("initializer"), arguments.get("dtype"))
        for key in ("initializer", "regularizer", "constraint", "use_resource"):
            if arguments.get(key) is None:
                arguments[key] = getattr(self, key)
        if arguments.get("dtype") is None:
            arguments["dtype"] = self.dtype
        if arguments.get("reuse") is None:
            arguments["reuse"] = self.reuse
        getter = arguments.pop("custom_getter", None) or self.custom_getter
        store = _store()
        with get_default_graph().name_scope(None):
            if getter is None:
                return store.get_variable(full_name, **arguments)
            return getter(store.get_variable, name=full_name, **arguments)


@dataclass
class _Store:
    """The shared variables of a graph, and how often each scope was opened."""

    variables: dict[str, Any] = field(default_factory=dict)
    opened: Openings = field(default_factory=Openings)

    def get_variable(
        self,
        name: str,
        shape: ShapeLike | None = None,
        dtype: DTypeLike | None = None,
        initializer: Any = None,
        regularizer: Any = None,
        reuse: Any = None,
        trainable: bool | None = None,
        **options: Any,
    ) -> Any:
        """The variable `name`, made where it may be. Raises ValueError."""
        wanted = dtypes.float32 if dtype is None else as_dtype(dtype)
        static = None if shape is None else as_shape(shape)
        if name in self.variables:
            if not reuse:
                raise ValueError(
                    f"Variable {name} already exists, disallowed. Did you mean to set reuse=True "
                    f"or reuse=tf.AUTO_REUSE in VarScope? Originally defined at:\n\n"
                    f"{describe(self.variables[name].op.site)}"
                )
            return _checked(self.variables[name], name, static, wanted)
        if reuse is True:
            raise ValueError(
                f"Variable {name} does not exist, or was not created with tf.get_variable(). "
                "Did you mean to set reuse=tf.AUTO_REUSE in VarScope?"
            )
        made = _make(name, static, wanted, initializer, trainable, options)
        self.variables[name] = made
        if regularizer is not None:
            _regularize(made, name, regularizer)
        return made


def _checked(found: Any, name: str, shape: TensorShape | None, dtype: DType) -> Any:
    """A shared variable, if it is what is asked for."""
    if shape is not None and not shape.is_compatible_with(found.shape):
        raise ValueError(
            f"Trying to share variable {name}, but specified shape {shape} and found "
            f"shape {found.shape}."
        )
    if found.dtype is not dtype:
        raise ValueError(
            f"Trying to share variable {name}, but specified dtype {dtype.name} and "
            f"found dtype {found.dtype.name}."
        )
    return found


def _require_dtype(initializer: Any, dtype: Any) -> None:
    """Raise ValueError for a value to begin with that is not of the dtype asked for."""
    if initializer is None or dtype is None or callable(initializer):
        return
    value = initializer if hasattr(initializer, "dtype") else as_array(initializer)
    found, wanted = as_dtype(value.dtype), as_dtype(dtype)
    if found.base_dtype is not wanted.base_dtype:
        raise ValueError(
            f"Initializer type '{found.name}' and explicit dtype '{wanted.name}' don't match."
        )


def _make(
    name: str,
    shape: TensorShape | None,
    dtype: DType,
    initializer: Any,
    trainable: bool | None,
    options: dict[str, Any],
) -> Variable:
    initial, kind = _initial_value(name, shape, dtype, initializer)
    return Variable(
        initial_value=initial,
        name=name,
        trainable=True if trainable is None else trainable,
        collections=options.get("collections"),
        dtype=kind,
        validate_shape=options.get("validate_shape", True),
        constraint=options.get("constraint"),
        use_resource=options.get("use_resource"),
    )


def _initial_value(
    name: str, shape: TensorShape | None, dtype: DType, initializer: Any
) -> tuple[Any, DType | None]:
    """What to begin with, and the dtype, or None where the value decides it."""
    if initializer is None:
        initializer = default_initializer(dtype)
    if not callable(initializer):
        if shape is not None and shape.sizes is not None:
            raise ValueError("If initializer is a constant, do not specify shape.")
        return initializer, None
    if isinstance(initializer, type):
        initializer = initializer()
    if shape is None or not shape.is_fully_defined():
        if shape is None and not hasattr(initializer, "get_config"):
            return initializer, dtype
        raise ValueError(
            f"Shape of a new variable ({name}) must be fully defined, but instead was "
            f"{shape if shape is not None else '<unknown>'}."
        )
    sizes = shape.as_list()
    try:
        with_dtype = functools.partial(initializer, sizes, dtype=dtype)
        accepts = hasattr(initializer, "get_config") or _takes_dtype(initializer)
    except TypeError:
        accepts = False
    return (with_dtype if accepts else functools.partial(initializer, sizes)), dtype


def _takes_dtype(function: Callable[..., Any]) -> bool:
    import inspect

    parameters = inspect.signature(function).parameters
    return "dtype" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _regularize(variable: Any, name: str, regularizer: Any) -> None:
    graph = get_default_graph()
    with graph.colocate_with(variable.stored.op), graph.name_scope(f"{name}/Regularizer/"):
        loss = regularizer(variable)
    if loss is not None:
        graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)


# The stores of the default graph


def _store() -> _Store:
    found = get_default_graph().get_collection_ref(_STORE_KEY)
    if not found:
        found.append(_Store())
    store: _Store = found[0]
    return store


def get_variable_scope() -> VariableScope:
    """The current variable scope."""
    found = get_default_graph().get_collection_ref(_SCOPE_KEY)
    if not found:
        found.append(VariableScope())
    scope: VariableScope = found[0]
    return scope


@contextmanager
def _entered(scope: VariableScope) -> Iterator[VariableScope]:
    found = get_default_graph().get_collection_ref(_SCOPE_KEY)
    old = get_variable_scope()
    found[0] = scope
    try:
        yield scope
    finally:
        found[0] = old


def get_variable(
    name: str,
    shape: ShapeLike | None = None,
    dtype: DTypeLike | None = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Sequence[str] | None = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> Any:
    """The variable `name` of the current scope: made, or found where the scope reuses.

    Raises ValueError where it exists and may not be reused, does not exist and must be, or is of
    another shape or dtype.
    """
    return get_variable_scope().get_variable(
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=collections,
        caching_device=caching_device,
        partitioner=partitioner,
        validate_shape=validate_shape,
        use_resource=use_resource,
        custom_getter=custom_getter,
        constraint=constraint,
        synchronization=synchronization,
        aggregation=aggregation,
    )


def get_local_variable(name: str, *args: Any, **kwargs: Any) -> Any:
    """As `get_variable`, in the collection of local variables and not trainable."""
    kwargs.setdefault("trainable", False)
    collections = [*(kwargs.get("collections") or []), GraphKeys.LOCAL_VARIABLES]
    return get_variable(name, *args, **{**kwargs, "collections": collections})


class variable_scope:
    """Opens a variable scope, and a name scope with it.

    `name_or_scope` is a name, or a scope to enter again; without it, `default_name` is made
    unique. The other arguments are defaults for what is made inside.
    """

    def __init__(
        self,
        name_or_scope: str | VariableScope | None,
        default_name: str | None = None,
        values: Sequence[Any] | None = None,
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        reuse: bool | _ReuseMode | None = None,
        dtype: DTypeLike | None = None,
        use_resource: bool | None = None,
        constraint: Any = None,
        auxiliary_name_scope: bool = True,
    ) -> None:
        if default_name is None and name_or_scope is None:
            raise TypeError("If default_name is None then name_or_scope is required")
        if name_or_scope is not None and not isinstance(name_or_scope, str | VariableScope):
            raise TypeError("VariableScope: name_or_scope must be a string or VariableScope.")
        self._name_or_scope = name_or_scope
        self._default_name = default_name
        self._values = values or ()
        self._reuse = None if reuse is False else reuse
        self._custom_getter = custom_getter
        self._auxiliary = auxiliary_name_scope
        self._changes = {
            key: value
            for key, value in {
                "initializer": initializer,
                "regularizer": regularizer,
                "dtype": dtype,
                "caching_device": caching_device,
                "partitioner": partitioner,
                "use_resource": use_resource,
                "constraint": constraint,
            }.items()
            if value is not None
        }
        self._stack = ExitStack()

    def __enter__(self) -> VariableScope:
        self._stack = ExitStack()
        self._stack.enter_context(graph_of(self._values).as_default())
        if self._name_or_scope is None:
            return self._enter_default()
        return self._enter_given(self._name_or_scope)

    def _enter_default(self) -> VariableScope:
        if self._reuse:
            raise ValueError("reuse=True cannot be used without a name_or_scope")
        assert self._default_name is not None
        unique = _unique_scope_name(self._default_name)
        name_scope = self._open_name_scope(self._default_name)
        return self._stack.enter_context(self._open(unique, name_scope))

    def _enter_given(self, given: str | VariableScope) -> VariableScope:
        last = given if isinstance(given, str) else given.name.split("/")[-1]
        name_scope = self._open_name_scope(last) if last else ""
        if isinstance(given, VariableScope):
            return self._stack.enter_context(self._reopen(given))
        return self._stack.enter_context(self._open(given, name_scope))

    def _open_name_scope(self, name: str) -> str:
        graph = get_default_graph()
        if not self._auxiliary:
            current = graph.get_name_scope()
            return f"{current}/" if current else ""
        return self._stack.enter_context(graph.name_scope(name))

    @contextmanager
    def _open(self, name: str, name_scope: str) -> Iterator[VariableScope]:
        """A scope inside the current one, whose defaults it inherits."""
        old, store = get_variable_scope(), _store()
        full = f"{old.name}/{name}" if old.name else name
        store.opened.open(full)
        scope = replace(
            old,
            name=full,
            reuse=self._reuse or old.reuse,
            custom_getter=_chained(self._custom_getter, old.custom_getter),
            original_name_scope=name_scope,
            **self._changes,
        )
        with _entered(scope):
            yield scope
        store.opened.close_below(full)

    @contextmanager
    def _reopen(self, given: VariableScope) -> Iterator[VariableScope]:
        """A scope of before, its own defaults overridden by the arguments."""
        opened = _store().opened
        opened.open(given.name)
        scope = replace(
            given,
            reuse=self._reuse or given.reuse,
            custom_getter=_chained(self._custom_getter, given.custom_getter),
            **self._changes,
        )
        with opened.restored(), _entered(scope):
            yield scope

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """As a decorator: the function runs inside the scope."""

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return inside


def _chained(getter: Any, old: Any) -> Any:
    """A custom getter whose true getter is that of the scope around."""
    if getter is None or old is None:
        return getter or old
    return lambda true_getter, *args, **kwargs: getter(
        functools.partial(old, true_getter), *args, **kwargs
    )


def _unique_scope_name(prefix: str) -> str:
    store, current = _store(), get_variable_scope()
    name = f"{current.name}/{prefix}" if current.name else prefix
    return prefix + store.opened.unique(name)[len(name) :]


def variable_op_scope(
    values: Sequence[Any], name_or_scope: Any, default_name: str | None = None, **options: Any
) -> AbstractContextManager[VariableScope]:
    """The old order of `variable_scope`'s arguments."""
    return variable_scope(name_or_scope, default_name, values, **options)


def no_regularizer(_: Any) -> None:
    """A regularizer that adds no loss, to override a scope's."""
