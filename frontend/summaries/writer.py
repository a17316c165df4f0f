"""`tf.summary.FileWriter`, and the cache of one writer for each folder."""

from __future__ import annotations

import os
import threading
import time
import warnings
from types import TracebackType
from typing import Any, ClassVar

from flowc.frontend.aliases import TensorLike
from flowc.frontend.graph import Graph
from flowc.frontend.saving.meta_graph import export_meta_graph
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.summaries.event_files import EventFileWriter
from flowc.ir.proto import (
    Event,
    GraphDef,
    MetaGraphDef,
    RunMetadata,
    SessionLog,
    Summary,
    TaggedRunMetadata,
)

_CLOSED = (
    "Attempting to use a closed FileWriter. The operation will be a noop unless the FileWriter is "
    "explicitly reopened."
)


class FileWriter:
    """Writes summaries and graphs to an event file in `logdir`, for TensorBoard.

    At most `max_queue` events wait for the thread that writes them; they are flushed every
    `flush_secs` seconds. `graph` is written first, where it is given. Also a context manager.
    """

    def __init__(
        self,
        logdir: str | os.PathLike[str],
        graph: Any = None,
        max_queue: int = 10,
        flush_secs: float = 120,
        graph_def: GraphDef | None = None,
        filename_suffix: str | None = None,
        session: Any = None,
    ) -> None:
        self.event_writer = EventFileWriter(logdir, max_queue, flush_secs, filename_suffix)
        self._run_tags: set[str] = set()
        self._described: set[str] = set()  # tags whose metadata has been written
        if graph is not None or graph_def is not None:
            self.add_graph(graph, graph_def=graph_def)
            self.add_meta_graph(_meta_graph(graph_def if graph is None else graph))

    def get_logdir(self) -> str:
        """The folder."""
        return self.event_writer.get_logdir()

    def add_summary(self, summary: bytes | Summary, global_step: TensorLike | None = None) -> None:
        """Add a summary, serialized or not. A tag's metadata is written only the first time."""
        message = Summary()
        if isinstance(summary, bytes):
            message.ParseFromString(summary)
        else:
            message.CopyFrom(summary)
        for value in message.value:
            if value.HasField("metadata"):
                if value.tag in self._described:
                    value.ClearField("metadata")
                self._described.add(value.tag)
        self._add(Event(summary=message), global_step)

    def add_session_log(
        self, session_log: SessionLog, global_step: TensorLike | None = None
    ) -> None:
        """Note that a session started, stopped or saved."""
        self._add(Event(session_log=session_log), global_step)

    def add_graph(
        self, graph: Any, global_step: TensorLike | None = None, graph_def: GraphDef | None = None
    ) -> None:
        """Add a graph. Raises ValueError for two graphs or none, TypeError for another thing."""
        if graph is not None and graph_def is not None:
            raise ValueError("Please pass only graph, or graph_def (deprecated), but not both.")
        given = graph_def if graph is None else graph
        if given is None:
            raise TypeError(
                "The passed graph must be an instance of `Graph` or the deprecated `GraphDef`"
            )
        self._add(Event(graph_def=_graph_def(given).SerializeToString()), global_step)

    def add_meta_graph(
        self, meta_graph_def: MetaGraphDef, global_step: TensorLike | None = None
    ) -> None:
        """Add a MetaGraphDef. Raises TypeError for another thing."""
        if not isinstance(meta_graph_def, MetaGraphDef):
            raise TypeError(
                f"meta_graph_def must be type MetaGraphDef, saw type: {type(meta_graph_def)}"
            )
        self._add(Event(meta_graph_def=meta_graph_def.SerializeToString()), global_step)

    def add_run_metadata(
        self, run_metadata: RunMetadata, tag: str, global_step: TensorLike | None = None
    ) -> None:
        """Add what was measured in a run. Raises ValueError for a tag that has been used."""
        if tag in self._run_tags:
            raise ValueError("The provided tag was already used for this event type")
        self._run_tags.add(tag)
        tagged = TaggedRunMetadata(tag=tag, run_metadata=run_metadata.SerializeToString())
        self._add(Event(tagged_run_metadata=tagged), global_step)

    def add_event(self, event: Event) -> None:
        """Add an event as it is."""
        self._warn_if_closed()
        self.event_writer.add_event(event)

    def _add(self, event: Event, step: Any) -> None:
        event.wall_time = time.time()
        if step is not None:
            event.step = int(step)
        self.add_event(event)

    def _warn_if_closed(self) -> None:
        if self.event_writer.is_closed:
            warnings.warn(_CLOSED, stacklevel=3)

    def flush(self) -> None:
        """Wait until all events are with the operating system."""
        self._warn_if_closed()
        self.event_writer.flush()

    def close(self) -> None:
        """Flush and complete the file."""
        self.event_writer.close()

    def reopen(self) -> None:
        """After `close`: further events go to another file in the same folder."""
        self.event_writer.reopen()

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _graph_def(graph: Any) -> GraphDef:
    match graph:
        case Graph():
            return graph.as_graph_def(add_shapes=True)
        case GraphDef():
            return graph
    raise TypeError("The passed graph must be an instance of `Graph` or the deprecated `GraphDef`")


def _meta_graph(graph: Any) -> MetaGraphDef:
    if isinstance(graph, Graph):
        return export_meta_graph(graph=graph)
    return export_meta_graph(graph_def=_graph_def(graph), collection_list=[])


class FileWriterCache:
    """One `FileWriter` for each folder, which all of the program share."""

    _writers: ClassVar[dict[str, FileWriter]] = {}
    _lock: ClassVar[threading.RLock] = threading.RLock()

    @staticmethod
    def clear() -> None:
        """Close all writers, and forget them."""
        with FileWriterCache._lock:
            for writer in FileWriterCache._writers.values():
                writer.close()
            FileWriterCache._writers.clear()

    @staticmethod
    def get(logdir: str) -> FileWriter:
        """The writer of a folder."""
        with FileWriterCache._lock:
            if logdir not in FileWriterCache._writers:
                FileWriterCache._writers[logdir] = FileWriter(logdir, graph=get_default_graph())
            return FileWriterCache._writers[logdir]
