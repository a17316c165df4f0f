"""Descriptions of clusters, servers of this process, devices for replicas."""

from __future__ import annotations

from typing import Any

import pytest

import flowc as tf

CLUSTER = {"ps": ["ps0:2222", "ps1:2222"], "worker": {1: "w1:2222", 3: "w3:2222"}}


def test_clusters() -> None:
    cluster = tf.train.ClusterSpec(CLUSTER)
    assert cluster.as_dict() == CLUSTER
    assert tf.train.ClusterSpec(cluster.as_cluster_def()) == cluster
    assert tf.train.ClusterSpec(cluster) == cluster
    assert sorted(cluster.jobs) == ["ps", "worker"]
    assert cluster.num_tasks("worker") == 2
    assert cluster.task_indices("worker") == [1, 3]
    assert cluster.task_address("ps", 1) == "ps1:2222"
    assert cluster.job_tasks("worker") == [None, "w1:2222", None, "w3:2222"]
    assert not tf.train.ClusterSpec({})
    with pytest.raises(ValueError, match="No such job"):
        cluster.num_tasks("x")
    with pytest.raises(ValueError, match="No task with index 0"):
        cluster.task_address("worker", 0)
    wrong: list[Any] = [3, {"ps": 3}, {"ps": [3]}, {"ps": {"a": "b"}}, {3: []}]
    for value in wrong:
        with pytest.raises(TypeError):
            tf.train.ClusterSpec(value)


def test_sessions_of_a_server_share_variables() -> None:
    server = tf.train.Server.create_local_server()
    count = tf.get_variable("count", [], tf.int32, tf.zeros_initializer())
    add = count.assign_add(1)
    queue = tf.FIFOQueue(3, tf.int32, shapes=[()], shared_name="shared")
    with tf.Session(server.target) as first, tf.Session(server.target) as second:
        first.run(tf.global_variables_initializer())
        first.run(add)
        assert second.run(add) == 2
        second.run(queue.enqueue(5))
        assert first.run(queue.dequeue()) == 5
        with tf.Session() as alone, pytest.raises(tf.errors.FailedPreconditionError):
            alone.run(count)
    with tf.Session(server.target) as third:
        assert third.run(count) == 2
        tf.Session.reset(server.target)
        with pytest.raises(tf.errors.FailedPreconditionError):
            third.run(count)


def test_servers() -> None:
    server = tf.train.Server({"local": ["localhost:2222"]}, config=tf.ConfigProto())
    assert server.target == "grpc://localhost:2222"
    assert (server.server_def.job_name, server.server_def.task_index) == ("local", 0)
    again = tf.train.Server(server.server_def)
    assert again.target == server.target
    assert tf.train.Server.create_local_server().target != (
        tf.train.Server.create_local_server().target
    )
    with pytest.raises(tf.errors.UnimplementedError, match="cluster of 4 tasks"):
        tf.train.Server(CLUSTER, "ps", 0)
    with pytest.raises(ValueError, match="explicit `job_name`"):
        tf.train.Server(CLUSTER)
    with pytest.raises(ValueError, match="explicit `task_index`"):
        tf.train.Server(CLUSTER, "ps")
    with pytest.raises(ValueError, match="No task with index 7"):
        tf.train.Server(CLUSTER, "ps", 7)
    tf.no_op()
    with pytest.raises(tf.errors.NotFoundError, match=r"no tf.train.Server of this process"):
        tf.Session("grpc://elsewhere:1")


def test_devices_of_replicas() -> None:
    cluster = tf.train.ClusterSpec(CLUSTER)
    setter = tf.train.replica_device_setter(cluster=cluster, worker_device="/job:worker/task:3")
    with tf.device(setter):
        variables = [tf.get_variable(name, []) for name in "abc"]
        with tf.device("/gpu:0"):
            total = variables[0] + variables[1]
    assert [v.device for v in variables] == ["/job:ps/task:0", "/job:ps/task:1", "/job:ps/task:0"]
    assert total.device == "/job:worker/task:3/device:GPU:0"
    assert tf.train.replica_device_setter() is None
    assert tf.train.replica_device_setter(cluster={"worker": ["a:1"]}) is None
    with pytest.raises(TypeError, match="must be callable"):
        tf.train.replica_device_setter(1, ps_strategy=3)  # type: ignore[arg-type]
    with tf.device(tf.train.replica_device_setter(2, ps_strategy=lambda op: 1)):
        assert tf.get_variable("d", []).device == "/job:ps/task:1"
    absent = pytest.raises(tf.errors.InvalidArgumentError, match="assigned to /job:ps/task:0")
    with tf.Session() as session, absent:
        session.run(total)
