"""`tf.train.Scaffold`: the operations and the saver that bring a model up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowc.frontend.collections import GraphKeys
from flowc.frontend.functions.control import group
from flowc.frontend.functions.shaping import concat
from flowc.frontend.platform import logging
from flowc.frontend.saving.saver import Saver
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.summaries.functions import merge_all
from flowc.frontend.variables.sets import (
    global_variables,
    global_variables_initializer,
    local_variables_initializer,
    report_uninitialized_variables,
    tables_initializer,
)


def saver_or_default() -> Saver:
    """The saver of the graph's collection, made where there is none.

    Raises RuntimeError where there are several.
    """
    graph = get_default_graph()
    savers = graph.get_collection(GraphKeys.SAVERS)
    if len(savers) > 1:
        raise RuntimeError(
            "More than one item in collection SAVERS. Please indicate which one to use by passing "
            "it to the constructor."
        )
    if savers:
        found: Saver = savers[0]
        return found
    saver = Saver(sharded=True, allow_empty=True)
    graph.add_to_collection(GraphKeys.SAVERS, saver)
    return saver


class Scaffold:
    """What a monitored session needs of a model; what is not given is made by `finalize`.

    `init_op` runs where there is no checkpoint, then `init_fn(scaffold, session)`. `local_init_op`
    runs always. `ready_op` gives the names of variables that are not initialised.
    """

    def __init__(
        self,
        init_op: Any = None,
        init_feed_dict: Any = None,
        init_fn: Callable[..., Any] | None = None,
        ready_op: Any = None,
        ready_for_local_init_op: Any = None,
        local_init_op: Any = None,
        summary_op: Any = None,
        saver: Saver | None = None,
        copy_from_scaffold: Scaffold | None = None,
    ) -> None:
        other = copy_from_scaffold
        if other is not None and not isinstance(other, Scaffold):
            raise TypeError(f"copy_from_scaffold is not a Scaffold instance: {other}")

        def inherited(given: Any, name: str) -> Any:
            return getattr(other, name) if given is None and other is not None else given

        self._init_op = inherited(init_op, "init_op")
        self._init_feed_dict = inherited(init_feed_dict, "init_feed_dict")
        self._user_init_fn = inherited(init_fn, "_user_init_fn")
        self._ready_op = inherited(ready_op, "ready_op")
        self._ready_for_local_init_op = inherited(
            ready_for_local_init_op, "ready_for_local_init_op"
        )
        self._local_init_op = inherited(local_init_op, "local_init_op")
        self._summary_op = inherited(summary_op, "summary_op")
        self._saver = inherited(saver, "saver")

    def finalize(self) -> Scaffold:
        """Make what is missing, and forbid further changes of the graph."""
        self._init_op = _given(self._init_op, "init_op", GraphKeys.INIT_OP, _initialisation)
        self._ready_op = _given(self._ready_op, "ready_op", GraphKeys.READY_OP, _missing)
        self._ready_for_local_init_op = _given(
            self._ready_for_local_init_op,
            "ready_for_local_init_op",
            GraphKeys.READY_FOR_LOCAL_INIT_OP,
            _missing_globals,
        )
        self._local_init_op = _given(
            self._local_init_op,
            "local_init_op",
            GraphKeys.LOCAL_INIT_OP,
            Scaffold.default_local_init_op,
        )
        self._summary_op = _given(self._summary_op, "summary_op", GraphKeys.SUMMARY_OP, merge_all)
        if self._saver is None:
            self._saver = saver_or_default()
        self._saver.build()
        get_default_graph().finalize()
        logging.info("Graph was finalized.")
        return self

    @property
    def init_op(self) -> Any:
        """The operation that initialises the variables."""
        return self._init_op

    @property
    def init_fn(self) -> Callable[[Any], Any] | None:
        """A function of the session that is called after `init_op`, or None."""
        function = self._user_init_fn
        return None if function is None else lambda session: function(self, session)

    @property
    def init_feed_dict(self) -> Any:
        """What `init_op` is fed."""
        return self._init_feed_dict

    @property
    def ready_op(self) -> Any:
        """The tensor that is empty when the model is ready."""
        return self._ready_op

    @property
    def ready_for_local_init_op(self) -> Any:
        """The tensor that is empty when `local_init_op` may run."""
        return self._ready_for_local_init_op

    @property
    def local_init_op(self) -> Any:
        """The operation that initialises local variables and tables."""
        return self._local_init_op

    @property
    def summary_op(self) -> Any:
        """All summaries, or None."""
        return self._summary_op

    @property
    def saver(self) -> Any:
        """The saver."""
        return self._saver

    @staticmethod
    def get_or_default(
        arg_name: str, collection_key: str, default_constructor: Callable[[], Any]
    ) -> Any:
        """The item of a collection, made where there is none.

        Raises RuntimeError where there are several.
        """
        return _given(None, arg_name, collection_key, default_constructor)

    @staticmethod
    def default_local_init_op() -> Any:
        """Initialise local variables and tables."""
        return group(local_variables_initializer(), tables_initializer())


def _given(given: Any, argument: str, key: str, make: Callable[[], Any]) -> Any:
    """What is given, else the only item of a collection, which is made where there is none."""
    if given is not None:
        return given
    graph = get_default_graph()
    found = graph.get_collection(key)
    if len(found) > 1:
        raise RuntimeError(
            f'More than one item in the collection "{key}". Please indicate which one to use by '
            f"passing it to the tf.Scaffold constructor as:  tf.Scaffold({argument}=item to use)"
        )
    if found:
        return found[0]
    made = make()
    if made is not None:
        graph.add_to_collection(key, made)
    return made


def _initialisation() -> Any:
    return group(global_variables_initializer())


def _missing() -> Any:
    return concat([report_uninitialized_variables()], 0)


def _missing_globals() -> Any:
    return concat([report_uninitialized_variables(global_variables())], 0)
