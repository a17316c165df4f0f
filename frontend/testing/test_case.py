"""`tf.test.TestCase`: each test begins with an empty graph, and seeds that are always the same."""

from __future__ import annotations

import random
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from flowc.frontend.graph import Graph
from flowc.frontend.seeds import set_random_seed
from flowc.frontend.session import Session
from flowc.frontend.stacks import get_default_session, reset_default_graph
from flowc.frontend.testing.comparisons import Comparisons
from flowc.frontend.testing.platform import get_temp_dir

_SEED = 87654321  # TensorFlow's


class TestCase(Comparisons):
    """A test case with sessions and comparisons of arrays."""

    __test__ = False  # the class itself is no test, whatever a collector thinks of its name

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__test__ = True

    def __init__(self, methodName: str = "runTest") -> None:
        super().__init__(methodName)
        self._threads: list[CheckedThread] = []
        self._tempdir: str | None = None
        self._cached_session: Session | None = None

    def setUp(self) -> None:
        """Begin with an empty default graph."""
        self._clear_cached_session()
        random.seed(_SEED)
        np.random.seed(_SEED)
        reset_default_graph()
        set_random_seed(_SEED)

    def tearDown(self) -> None:
        """Close what is open. Fails where a thread was not joined."""
        for thread in self._threads:
            thread.check_termination()
        self._clear_cached_session()

    def _clear_cached_session(self) -> None:
        if self._cached_session is not None:
            self._cached_session.close()
            self._cached_session = None

    def get_temp_dir(self) -> str:
        """A folder for this test, which goes away when Python ends."""
        if self._tempdir is None:
            self._tempdir = tempfile.mkdtemp(dir=get_temp_dir())
            self.addCleanup(shutil.rmtree, self._tempdir, ignore_errors=True)
        return self._tempdir

    # Sessions

    @contextmanager
    def session(
        self,
        graph: Graph | None = None,
        config: Any = None,
        use_gpu: bool = False,
        force_gpu: bool = False,
    ) -> Iterator[Session]:
        """A session for a `with` block, the default one there; it is closed at the end."""
        with Session(graph=graph, config=config) as session, _placed(session, use_gpu, force_gpu):
            yield session

    @contextmanager
    def cached_session(
        self,
        graph: Graph | None = None,
        config: Any = None,
        use_gpu: bool = False,
        force_gpu: bool = False,
    ) -> Iterator[Session]:
        """The test's own session, which is the same in every block. Raises ValueError.

        All calls must ask for the same graph.
        """
        if self._cached_session is None:
            self._cached_session = Session(graph=graph, config=config)
        session = self._cached_session
        if graph is not None and session.graph is not graph:
            raise ValueError(
                "The graph used to get the cached session is different than the one "
                "that was used to create the session. Maybe create a new session with "
                "self.session()"
            )
        with session.graph.as_default(), session.as_default(), _placed(session, use_gpu, force_gpu):
            yield session

    def test_session(
        self,
        graph: Graph | None = None,
        config: Any = None,
        use_gpu: bool = False,
        force_gpu: bool = False,
    ) -> AbstractContextManager[Session]:
        """`cached_session`; with a graph, `session`."""
        if self._testMethodName == "test_session":
            self.skipTest("Not a test.")  # a loader takes it for one because of its name
        make = self.cached_session if graph is None else self.session
        return make(graph, config, use_gpu, force_gpu)

    test_session.__test__ = False  # type: ignore[attr-defined]

    def evaluate(self, tensors: Any) -> Any:
        """The values of tensors, in the default session or the test's own."""
        session = get_default_session()
        if session is not None:
            return session.run(tensors)
        with self.cached_session() as own:
            return own.run(tensors)

    # Threads

    def checkedThread(
        self,
        target: Callable[..., Any],
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> CheckedThread:
        """A thread whose error fails the test when it is joined."""
        thread = CheckedThread(self, target, args, kwargs)
        self._threads.append(thread)
        return thread


@contextmanager
def _placed(session: Session, use_gpu: bool, force_gpu: bool) -> Iterator[None]:
    if use_gpu or force_gpu:
        yield
        return
    with session.graph.device("/device:CPU:0"):
        yield


class CheckedThread:
    """A thread that must be joined, and may not fail."""

    def __init__(
        self,
        case: TestCase,
        target: Callable[..., Any],
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        self._case = case
        self._call = target, tuple(args or ()), dict(kwargs or {})
        self._thread = threading.Thread(target=self._protected_run)
        self._exception: BaseException | None = None
        self._is_joined = False

    def _protected_run(self) -> None:
        target, args, kwargs = self._call
        try:
            target(*args, **kwargs)
        except BaseException as error:
            self._exception = error

    def start(self) -> None:
        """Start."""
        self._thread.start()

    def join(self) -> None:
        """Wait; fails the test where the thread failed."""
        self._is_joined = True
        self._thread.join()
        if self._exception is not None:
            self._case.fail(f"Error in checkedThread: {self._exception}")

    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def check_termination(self) -> None:
        """Fails the test where the thread was started and not joined."""
        if self._is_joined or self._thread.ident is None:
            return
        self._case.fail("A checked thread was not joined.")
