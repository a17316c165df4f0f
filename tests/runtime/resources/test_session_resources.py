"""The resources that a session keeps: found again by their place, refused where they differ."""

import pytest

from flowc.ir import dtypes
from flowc.ir.errors import InvalidArgumentError
from flowc.ops.resources import Place, QueueSpec, TableSpec
from flowc.runtime.resources.session_resources import SessionResources

FIFO = QueueSpec("FIFOQueue", (dtypes.float32,), ((),), 3)


def test_a_resource_is_found_by_its_shared_name_or_its_node() -> None:
    resources = SessionResources()
    first = resources.queue(Place("", "shared", "node"), FIFO)
    assert resources.queue(Place("", "shared", "other"), FIFO) is first
    assert resources.queue(Place("box", "shared", "node"), FIFO) is not first
    assert resources.queue(Place("", "", "node"), FIFO) is not first


def test_kinds_do_not_share_names() -> None:
    resources, place = SessionResources(), Place("", "same", "node")
    resources.queue(place, FIFO)
    assert not resources.table(place, TableSpec(dtypes.int64, dtypes.string)).entries


def test_a_queue_of_another_kind_is_refused() -> None:
    resources, place = SessionResources(), Place("", "q", "node")
    resources.queue(place, FIFO)
    with pytest.raises(InvalidArgumentError, match="is a FIFOQueue, not a PriorityQueue"):
        resources.queue(place, QueueSpec("PriorityQueue", (dtypes.float32,), ((),), 3))


def test_an_anonymous_table_is_new_each_time() -> None:
    resources, spec = SessionResources(), TableSpec(dtypes.int64, dtypes.string, fixed=True)
    assert resources.table(None, spec) is not resources.table(None, spec)


def test_clear_forgets_all() -> None:
    resources, place = SessionResources(), Place("", "q", "node")
    queue = resources.queue(place, FIFO)
    resources.values["print/node"] = 3
    resources.clear()
    assert resources.queue(place, FIFO) is not queue
    assert not resources.values
