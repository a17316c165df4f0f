"""`Session`: runs parts of a graph and keeps the values of its variables.

What a call of `run` comes down to is prepared at its first time and found again by the identity of
the fetches and the feeds' keys, so that a trivial step costs microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from flowc.frontend.aliases import FeedDict, Fetches
from flowc.frontend.elements import Operation
from flowc.frontend.feeds import FeedPlan, flatten_feed
from flowc.frontend.fetches import FetchPlan, structure_key
from flowc.frontend.frames import at_the_call
from flowc.frontend.graph import Graph
from flowc.frontend.stacks import SESSIONS, get_default_graph, get_default_session
from flowc.frontend.tracing import DeviceInfo, traced
from flowc.ir.errors import NotFoundError, OpError
from flowc.ir.proto import ConfigProto, GraphDef
from flowc.runtime.state import SERVERS, SessionState

if TYPE_CHECKING:
    from flowc.runtime.compilations import Compilation
    from flowc.runtime.executor import Executor
    from flowc.runtime.step import Step
    from flowc.runtime.waiting import Waiting


class _Prepared:
    """One structure of fetches with one set of feeds, ready to run."""

    def __init__(self, executor: Executor, fetches: FetchPlan, feeds: FeedPlan) -> None:
        self.arrays = feeds.arrays
        self.request = fetches.names, feeds.names, fetches.targets
        self.examples = feeds.examples
        step = executor.prepare(*self.request)
        limit = executor.waiting.time_limit
        self.step = step if limit is None else _limited(step, executor.waiting, limit)
        self.rebuild = fetches.rebuild

    def __call__(self, values: Any) -> Any:
        return self.rebuild(self.step(self.arrays(values)))


def _limited(step: Step, waiting: Waiting, seconds: float) -> Callable[[Any], Any]:
    """A step that may take so long, where the run has no limit of its own."""

    def run(arrays: Any) -> Any:
        if waiting.is_limited:
            return step(arrays)
        with waiting.limited(seconds):
            return step(arrays)

    return run


def _server_state(target: str | bytes) -> SessionState | None:
    """What the sessions of a server share; None for no target.

    Raises NotFoundError for a target that is no server of this process.
    """
    name = target.decode() if isinstance(target, bytes) else target
    if not name:
        return None
    found = SERVERS.get(name)
    if found is None:
        raise NotFoundError(
            None,
            None,
            f"flowc runs on one machine: the target {name!r} is no tf.train.Server of this process",
        )
    return found


class BaseSession:
    """What `Session` and `InteractiveSession` have in common."""

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        if graph is not None and not isinstance(graph, Graph):
            raise TypeError(f"graph must be a tf.Graph, but got {type(graph)}")
        if target and not isinstance(target, str | bytes):
            raise TypeError(f"target must be a string, but got {type(target)}")
        if config is not None and not isinstance(config, ConfigProto):
            raise TypeError(f"config must be a tf.ConfigProto, but got {type(config)}")
        self._graph = get_default_graph() if graph is None else graph
        self._target = target
        self._config = config
        self._closed = False
        self._prepared: dict[Any, _Prepared] = {}
        shared = _server_state(target)
        from flowc.runtime.executor import Executor  # loads the compiler: not for a mere import

        self._executor: Executor | None = Executor(self._graph, config, shared)

    @property
    def graph(self) -> Graph:
        """The graph of this session."""
        return self._graph

    @property
    def graph_def(self) -> GraphDef:
        """The graph as a protocol buffer."""
        return self._graph.as_graph_def()

    @property
    def sess_str(self) -> str:
        """The target."""
        return self._target

    @property
    def executor(self) -> Executor:
        """What runs the graph. Raises RuntimeError in a closed session."""
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        assert self._executor is not None
        return self._executor

    @property
    def compile_count(self) -> int:
        """How often this session has compiled a part of the graph."""
        return len(self.compilations)

    @property
    def compilations(self) -> Sequence[Compilation]:
        """What this session has compiled, and why; `str()` of one shows the time of each stage."""
        return () if self._executor is None else tuple(self._executor.compilations.made)

    def run(
        self,
        fetches: Fetches,
        feed_dict: FeedDict | None = None,
        options: Any = None,
        run_metadata: Any = None,
    ) -> Any:
        """Run what `fetches` needs, and return its values in the same structure.

        `fetches` is a tensor, operation, name, or nested lists, tuples and dictionaries of them;
        operations give None. `feed_dict` gives values for tensors, and for variables, which then
        have these values in all that the run reads. `options.timeout_in_ms` limits the time of the
        run, but for that of compiling; what is over it ends with DeadlineExceededError, and Ctrl-C
        with KeyboardInterrupt, while variables are as before (`docs/architecture.md`).
        `run_metadata` gets what `options` ask for. Raises TypeError or ValueError for fetches and
        feeds that do not fit, RuntimeError in a closed session, and `OpError`s for what fails in
        the run.
        """
        feeds = feed_dict or {}
        try:
            prepared = self._prepared[fetches, *feeds]
        except (KeyError, TypeError):
            prepared, feeds = self._find(fetches, feeds)
        try:
            if options is None and run_metadata is None:
                return prepared(feeds.values())
            with self._observed(options, run_metadata):
                return prepared(feeds.values())
        except OpError as error:
            raise at_the_call(error)  # noqa: B904

    def compile(self, fetches: Any, feeds: Mapping[Any, Any] | Sequence[Any] = ()) -> None:
        """Compile what `run(fetches, feed_dict)` will run, and run nothing.

        `feeds` maps what will be fed to what is known of it: a shape (a list or tuple of sizes, or
        a `tf.TensorShape`), a `tf.TensorSpec`, an array such as will be fed, or None for what the
        graph says; a sequence of tensors is a mapping to None. Sizes may be unknown (None). Those
        that the graph leaves open are typical ones, by which code is chosen: it serves all sizes of
        which what it assumes holds, and `run` compiles for the others. An array of a few numbers is
        an example of numbers that decide about shapes.

        Variables need no values: where they have none, their declared types count. None gets one,
        random numbers are not drawn, and host operations do not run. What can only be known of the
        data that a host operation returns, such as its rank, leaves the part after it to the run;
        branches and loops that run on the host are left to it too.

            session.compile(predictions, {images: [None, 784]})   # when a server starts
            ...
            session.run(predictions, {images: batch})             # compiles no more

        Raises TypeError or ValueError for fetches and feeds that do not fit, InvalidArgumentError
        where code depends on what is not known of a feed, and the `OpError`s of a program that
        fails for such feeds, whatever they hold.
        """
        keys = feeds if isinstance(feeds, Mapping) else dict.fromkeys(feeds)
        prepared, known = self._find(fetches, keys)
        examples = prepared.examples(list(known.values()))
        try:
            self.executor.compile(*prepared.request, examples)
        except OpError as error:
            raise at_the_call(error)  # noqa: B904

    @contextmanager
    def _observed(self, options: Any, run_metadata: Any) -> Iterator[None]:
        """What options and metadata ask for of the run inside."""
        with ExitStack() as stack:
            if options is not None and options.timeout_in_ms > 0:
                limit = options.timeout_in_ms / 1000
                stack.enter_context(self.executor.waiting.limited(limit))
            if run_metadata is not None:
                stack.enter_context(traced(options, run_metadata, self._graph))
            yield

    def _find(
        self, fetches: Fetches, feed_dict: Mapping[Any, Any]
    ) -> tuple[_Prepared, Mapping[Any, Any]]:
        """The prepared run of a structure that is no single tensor, or of a new one."""
        feeds = flatten_feed(feed_dict)
        key = structure_key(fetches), *feeds
        prepared = self._prepared.get(key)
        if prepared is None:
            prepared = self._prepared[key] = self._prepare(fetches, tuple(feeds))
        return prepared, feeds

    def _prepare(self, fetches: Fetches, feeds: tuple[Any, ...]) -> _Prepared:
        executor = self.executor
        if not self._graph.version:
            raise RuntimeError(
                "The Session graph is empty.  Add operations to the graph before calling run()."
            )
        if len(self._prepared) > 4096:
            self._prepared.clear()  # a program that makes new fetches in a loop
        return _Prepared(executor, FetchPlan(self._graph, fetches), FeedPlan(self._graph, feeds))

    def make_callable(
        self, fetches: Fetches, feed_list: Sequence[Any] | None = None, accept_options: bool = False
    ) -> Callable[..., Any]:
        """A function of the values of `feed_list` that returns those of `fetches`."""
        if feed_list is not None and not isinstance(feed_list, list | tuple):
            raise TypeError("`feed_list` must be a list or tuple.")
        prepared = self._prepare(fetches, tuple(feed_list or ()))
        count = len(feed_list or ())

        def run(*values: Any, **options: Any) -> Any:
            if self._closed:
                raise RuntimeError("Attempted to use a closed Session.")
            if len(values) != count:
                raise ValueError(f"The callable takes {count} feeds, but {len(values)} were given.")
            try:
                return prepared(values)
            except OpError as error:
                raise at_the_call(error)  # noqa: B904

        return run

    def list_devices(self) -> list[DeviceInfo]:
        """The devices: the CPU."""
        return [DeviceInfo()]

    def close(self) -> None:
        """Release the variables and all else; the session cannot be used afterwards."""
        self._closed = True
        self._prepared.clear()
        if self._executor is not None:
            self._executor.close()
            self._executor = None

    def as_default(self) -> AbstractContextManager[Any]:
        """Make this the default session inside a `with` block, which does not close it."""
        return SESSIONS.entered(self)


class Session(BaseSession):
    """Runs operations of a graph; as a context manager, it is the default session, and closed.

    With the `target` of a `tf.train.Server` it shares variables and queues with the other sessions
    of that server.
    """

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        self._contexts: list[ExitStack] = []

    def __enter__(self) -> Session:
        stack = ExitStack()
        stack.enter_context(self._graph.as_default())
        stack.enter_context(self.as_default())
        self._contexts.append(stack)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._contexts.pop().close()
        self.close()

    @staticmethod
    def reset(target: str, containers: Any = None, config: Any = None) -> None:
        """Forget the variables, tables and queues of a server. Raises NotFoundError."""
        state = _server_state(target)
        if state is not None:
            state.clear()


class InteractiveSession(BaseSession):
    """A session that makes itself and its graph the default until it is closed."""

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        self._stack = ExitStack()
        if graph is not None:
            self._stack.enter_context(graph.as_default())
        SESSIONS.items.append(self)

    def close(self) -> None:
        super().close()
        if self in SESSIONS.items:
            SESSIONS.items.remove(self)
        self._stack.close()


def run_in_session(element: Any, feed_dict: FeedDict | None, session: Any, graph: Graph) -> Any:
    """`tensor.eval()` and `operation.run()`. Raises ValueError where no session serves."""
    is_op = isinstance(element, Operation)
    what, verb = (
        ("operation", "execute operation using `run()`")
        if is_op
        else ("tensor", "evaluate tensor using `eval()`")
    )
    call = "run" if is_op else "eval"
    given = session is not None
    session = session if given else get_default_session()
    if session is None:
        raise ValueError(
            f"Cannot {verb}: No default session is registered. Use `with sess.as_default()` or "
            f"pass an explicit session to `{call}(session=sess)`"
        )
    if session.graph is not graph:
        default = "" if given else "the default "
        raise ValueError(
            f"Cannot use {default}session to {call} {what}: the {what}'s graph is different from "
            f"the session's graph. Pass an explicit session to `{call}(session=sess)`."
        )
    return session.run(element, feed_dict)
