"""Ops that no public function makes: older versions, by reference, for rows; known numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format

import flowc as tf
from flowc.frontend.function_graphs.defun import Defun

raw = tf.raw_ops


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        yield made


def run(tensors: Any) -> Any:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(tensors)


def reference(value: Any, name: str = "v") -> Any:
    return tf.get_variable(name, initializer=np.array(value, np.float32), use_resource=False)


def integers(*values: int) -> Any:
    return np.array(values, np.int64)


def floats(*values: Any) -> Any:
    return np.array(values, np.float32)


# Updates of variables by reference

LR, BETA, GRAD = 0.1, 0.9, np.array([0.5, -0.5])
VAR, MOMENT = np.array([1.0, 2.0]), np.array([0.1, 0.2])


def test_adamax() -> None:
    old = np.array([0.3, 0.4])
    updated = raw.ApplyAdaMax(
        var=reference(VAR),
        m=reference(MOMENT, "m"),
        v=reference(old, "u"),
        beta1_power=BETA,
        lr=LR,
        beta1=BETA,
        beta2=0.99,
        epsilon=1e-3,
        grad=floats(*GRAD),
    )
    moment = BETA * MOMENT + (1 - BETA) * GRAD
    norm = np.maximum(0.99 * old, np.abs(GRAD))
    wanted = VAR - LR / (1 - BETA) * moment / (norm + 1e-3)
    np.testing.assert_allclose(run(updated), wanted, 1e-6)


def test_adagrad_with_epsilon() -> None:
    accumulated = reference(MOMENT, "m")
    updated = raw.ApplyAdagradV2(
        var=reference(VAR), accum=accumulated, lr=LR, epsilon=1e-3, grad=floats(*GRAD)
    )
    wanted = VAR - LR * GRAD / (np.sqrt(MOMENT + GRAD**2) + 1e-3)
    np.testing.assert_allclose(run(updated), wanted, 1e-6)


def test_adagrad_with_epsilon_of_rows() -> None:
    var, accumulated = reference([[1.0], [2.0]]), reference([[0.1], [0.2]], "m")
    updated = raw.SparseApplyAdagradV2(
        var=var, accum=accumulated, lr=LR, epsilon=1e-3, grad=floats([0.5]), indices=[1]
    )
    wanted = [[1.0], [2.0 - LR * 0.5 / (np.sqrt(0.45) + 1e-3)]]
    np.testing.assert_allclose(run(updated), wanted, 1e-6)


def test_add_sign_and_power_sign() -> None:
    moment = BETA * MOMENT + (1 - BETA) * GRAD
    agreement = 0.5 * np.sign(GRAD) * np.sign(moment)
    common: dict[str, Any] = {"lr": LR, "sign_decay": 0.5, "beta": BETA, "grad": floats(*GRAD)}
    added = raw.ApplyAddSign(var=reference(VAR), m=reference(MOMENT, "m"), alpha=1.0, **common)
    raised = raw.ApplyPowerSign(
        var=reference(VAR, "v2"), m=reference(MOMENT, "m2"), logbase=1.0, **common
    )
    first, second = run([added, raised])
    np.testing.assert_allclose(first, VAR - LR * (1.0 + agreement) * GRAD, 1e-6)
    np.testing.assert_allclose(second, VAR - LR * np.exp(agreement) * GRAD, 1e-6)


def test_scattered_extrema() -> None:
    most = raw.ScatterNdMax(ref=reference(VAR), indices=[[1]], updates=floats(5.0))
    least = raw.ScatterNdMin(ref=reference(VAR, "w"), indices=[[1]], updates=floats(-5.0))
    assert [values.tolist() for values in run([most, least])] == [[1.0, 5.0], [1.0, -5.0]]


def test_references_through_a_conditional() -> None:
    off, on = raw.RefSwitch(data=reference(1.0), pred=tf.constant(True))
    merged = raw.RefMerge(inputs=[off, on])
    assert run([raw.RefIdentity(input=merged.output), merged.value_index]) == [1.0, 1]


# Tables, queues, files


@pytest.mark.parametrize("kind", ["AnonymousHashTable", "MutableDenseHashTable"])
def test_tables(kind: str) -> None:
    keys, values = integers(1, 2), floats(3.0, 4.0)
    if kind == "AnonymousHashTable":
        table = raw.AnonymousHashTable(key_dtype=tf.int64, value_dtype=tf.float32)
        filled = raw.LookupTableImportV2(table_handle=table, keys=keys, values=values)
        find = raw.LookupTableFindV2
    else:
        table = raw.MutableDenseHashTable(empty_key=np.int64(0), value_dtype=tf.float32)
        filled = raw.LookupTableInsert(table_handle=table, keys=keys, values=values)
        find = raw.LookupTableFind
    with tf.control_dependencies([filled]):
        found = find(table_handle=table, keys=integers(2, 9), default_value=np.float32(-1))
    assert run(found).tolist() == [4.0, -1.0]


def test_a_table_of_rows() -> None:
    table = raw.MutableHashTableOfTensors(
        key_dtype=tf.int64, value_dtype=tf.float32, value_shape=[2]
    )
    filled = raw.LookupTableInsert(table_handle=table, keys=integers(1), values=floats([3.0, 4.0]))
    with tf.control_dependencies([filled]):
        found = raw.LookupTableFind(
            table_handle=table, keys=integers(1, 9), default_value=floats(-1.0, -2.0)
        )
    assert run(found).tolist() == [[3.0, 4.0], [-1.0, -2.0]]


def test_a_queue_that_pads() -> None:
    queue = raw.PaddingFIFOQueue(component_types=[tf.float32], shapes=[[None]])
    first = raw.QueueEnqueue(handle=queue, components=[floats(1.0)])
    with tf.control_dependencies([first]):
        second = raw.QueueEnqueue(handle=queue, components=[floats(2.0, 3.0)])
    with tf.control_dependencies([second]):
        (rows,) = raw.QueueDequeueMany(handle=queue, n=2, component_types=[tf.float32])
    assert run(rows).tolist() == [[1.0, 0.0], [2.0, 3.0]]


def test_checkpoints(tmp_path: Path) -> None:
    path, whole = str(tmp_path / "saved"), floats([1.0, 2.0], [3.0, 4.0])
    saved = raw.Save(filename=path, tensor_names=["x"], data=[whole])
    with tf.control_dependencies([saved]):
        restored = raw.Restore(file_pattern=path, tensor_name="x", dt=tf.float32)
        row = raw.RestoreSlice(
            file_pattern=path, tensor_name="x", shape_and_slice="2 2 1,1:-", dt=tf.float32
        )
    assert [values.tolist() for values in run([restored, row])] == [whole.tolist(), [[3.0, 4.0]]]


def test_checkpoints_of_slices(tmp_path: Path) -> None:
    path, rows = str(tmp_path / "saved"), ["3 2 0,1:-", "3 2 1,1:-"]
    saved = raw.SaveSlices(
        filename=path, tensor_names=["x"], shapes_and_slices=["3 2 0,2:-"], data=[np.eye(2)]
    )
    with tf.control_dependencies([saved]):
        restored = [
            raw.RestoreSlice(file_pattern=path, tensor_name="x", shape_and_slice=row, dt=tf.float64)
            for row in rows
        ]
    assert [values.tolist() for values in run(restored)] == [[[1.0, 0.0]], [[0.0, 1.0]]]


def test_a_pattern_of_shards() -> None:
    assert run(raw.ShardedFilespec(basename="a", num_shards=3)) == b"a-?????-of-00003"


# Others


def test_the_gates_of_an_lstm_in_the_newer_order() -> None:
    random = np.random.default_rng(0)
    x, w = random.random((2, 1, 1), np.float32), random.random((2, 4), np.float32) - 0.5
    b, zero, state = random.random(4, np.float32), floats(0.0), floats([0.0])
    common: dict[str, Any] = {
        "seq_len_max": np.int64(2),
        "x": x,
        "cs_prev": state,
        "h_prev": state,
        "wci": zero,
        "wcf": zero,
        "wco": zero,
        "use_peephole": False,
    }
    older = [0, 2, 1, 3]  # there the forget gate stands before the cell's
    new = raw.BlockLSTMV2(w=w, b=b, cell_clip=0.0, **common)
    old = raw.BlockLSTM(w=w[:, older], b=b[older], forget_bias=0.0, cell_clip=-1.0, **common)
    ends = {"cs_grad": np.zeros_like(x), "h_grad": np.ones_like(x)}
    of_new = raw.BlockLSTMGradV2(w=w, b=b, **common, **new._asdict(), **ends)
    of_old = raw.BlockLSTMGrad(w=w[:, older], b=b[older], **common, **old._asdict(), **ends)
    values = run([new.h, old.h, of_new.w_grad, of_old.w_grad, of_new.x_grad, of_old.x_grad])
    np.testing.assert_allclose(values[0], values[1], 1e-6)
    np.testing.assert_allclose(values[2][:, older], values[3], 1e-5)
    np.testing.assert_allclose(values[4], values[5], 1e-5)


def test_all_candidates() -> None:
    found = raw.AllCandidateSampler(true_classes=[[1, 2]], num_true=2, num_sampled=3, unique=True)
    assert [v.tolist() for v in run(list(found))] == [[0, 1, 2], [[1.0, 1.0]], [1.0, 1.0, 1.0]]


def test_top_k() -> None:
    assert [v.tolist() for v in run(list(raw.TopK(input=[1.0, 3.0, 2.0], k=2)))] == [[3, 2], [1, 2]]


def test_code_points() -> None:
    splits, points = run(list(raw.UnicodeDecode(input=["aé", ""], input_encoding="UTF-8")))
    assert (splits.tolist(), points.tolist()) == ([0, 2, 2], [97, 233])


def test_random_numbers() -> None:
    counts = raw.StatelessRandomPoisson(shape=[3, 2], seed=[1, 2], lam=[2.0, 0.0], dtype=tf.int32)
    gamma = raw.StatelessRandomGammaV3(
        shape=[3],
        key=np.array([1], np.uint64),
        counter=np.array([1, 2], np.uint64),
        alg=1,
        alpha=2.0,
    )
    key, counter, algorithm = raw.StatelessRandomGetKeyCounterAlg(seed=[1, 2])
    values = run([counts, gamma, key, counter, algorithm])
    assert values[0].tolist() == [[3, 0], [4, 0], [3, 0]]
    np.testing.assert_allclose(values[1], [1.571209, 3.1673148, 3.9625996], 1e-6)
    assert values[2].tolist() == [10413732777507651514]
    assert values[3].tolist() == [0, 17830669156045600267]
    assert values[4] == 1
    older = run(raw.RandomPoisson(shape=[100], rate=[2.0, 0.0], seed=1, seed2=2))
    assert older.shape == (100, 2) and 1.0 < older[:, 0].mean() < 3.0 and not older[:, 1].any()


def test_the_gradient_of_a_gradient_of_pooling() -> None:
    image = floats([[[0.0], [1.0]], [[2.0], [3.0]]])
    found = raw.MaxPoolGradGradWithArgmax(
        input=image,
        grad=10 * image,
        argmax=integers(2).reshape(1, 1, 1, 1),
        ksize=[1, 2, 2, 1],
        strides=[1, 2, 2, 1],
        padding="VALID",
    )
    assert run(found).tolist() == [[[[20.0]]]]


def test_a_python_function_without_state() -> None:
    doubled = tf.py_func(lambda x: x * 2, [np.float32(2)], tf.float32, stateful=False)
    assert doubled.op.type == "PyFuncStateless" and run(doubled) == 4.0


def test_a_sequence_example() -> None:
    feature = tf.train.Feature
    rows = [feature(float_list=tf.train.FloatList(value=row)) for row in ([1.0, 2.0], [3.0, 4.0])]
    example = tf.train.SequenceExample(
        context=tf.train.Features(feature={"a": feature(int64_list=tf.train.Int64List(value=[7]))}),
        feature_lists=tf.train.FeatureLists(feature_list={"b": tf.train.FeatureList(feature=rows)}),
    )
    parsed = raw.ParseSingleSequenceExample(
        serialized=example.SerializeToString(),
        feature_list_dense_missing_assumed_empty=[],
        context_sparse_keys=[],
        context_dense_keys=["a"],
        feature_list_sparse_keys=[],
        feature_list_dense_keys=["b"],
        context_dense_defaults=[integers()],
        debug_name="",
        context_sparse_types=[],
        feature_list_dense_types=[tf.float32],
        context_dense_shapes=[[1]],
        feature_list_sparse_types=[],
        feature_list_dense_shapes=[[2]],
    )
    values = run([parsed.context_dense_values[0], parsed.feature_list_dense_values[0]])
    assert [v.tolist() for v in values] == [[7], [[1.0, 2.0], [3.0, 4.0]]]


# Control flow that only a GraphDef can hold

FLOAT = 'attr { key: "T" value { type: DT_FLOAT } }'
OF_FLOAT = 'attr { key: "dtype" value { type: DT_FLOAT } }'
FRAME = 'attr { key: "frame_name" value { s: "loop" } }'


def number(name: str, value: float, control: str = "") -> str:
    """The text of a constant's node."""
    tensor = f"dtype: DT_FLOAT tensor_shape {{}} float_val: {value}"
    return (
        f'node {{ name: "{name}" op: "Const" {control} {OF_FLOAT}'
        f' attr {{ key: "value" value {{ tensor {{ {tensor} }} }} }} }}'
    )


LOOP = f"""
node {{ name: "v" op: "VariableV2" {OF_FLOAT} attr {{ key: "shape" value {{ shape {{}} }} }} }}
node {{ name: "enter" op: "RefEnter" input: "v" {FLOAT} {FRAME} }}
node {{ name: "merge" op: "RefMerge" input: "enter" input: "next" {FLOAT}
        attr {{ key: "N" value {{ i: 2 }} }} }}
node {{ name: "switch" op: "RefSwitch" input: "merge" input: "condition" {FLOAT} }}
node {{ name: "next" op: "RefNextIteration" input: "switch:1" {FLOAT} }}
node {{ name: "exit" op: "RefExit" input: "switch" {FLOAT} }}
node {{ name: "result" op: "Identity" input: "exit" {FLOAT} }}
{number("one", 1)}
node {{ name: "init" op: "Assign" input: "v" input: "one" {FLOAT} }}
node {{ name: "enter_i" op: "Enter" input: "one" {FLOAT} {FRAME} }}
node {{ name: "merge_i" op: "Merge" input: "enter_i" input: "next_i" {FLOAT}
        attr {{ key: "N" value {{ i: 2 }} }} }}
{number("limit", 9, 'input: "^merge_i"')}
node {{ name: "less" op: "Less" input: "merge_i" input: "limit" {FLOAT} }}
node {{ name: "condition" op: "LoopCond" input: "less" }}
node {{ name: "switch_i" op: "Switch" input: "merge_i" input: "condition" {FLOAT} }}
node {{ name: "sum" op: "Add" input: "switch_i:1" input: "switch:1" {FLOAT} }}
node {{ name: "next_i" op: "NextIteration" input: "sum" {FLOAT} }}
node {{ name: "exit_i" op: "Exit" input: "switch_i" {FLOAT} }}
"""


def test_a_loop_over_a_reference() -> None:
    graph_def = text_format.Parse(LOOP, tf.GraphDef())
    tf.import_graph_def(graph_def, name="")
    with tf.Session() as session:
        session.run("init")
        assert session.run(["result:0", "exit_i:0"]) == [1.0, 9.0]


def test_a_case_of_functions() -> None:
    branches = [
        Defun(tf.float32, func_name=f"times_{n}")(lambda x, n=n: x * float(n)) for n in (2, 3)
    ]
    x = tf.constant(5.0)
    index = tf.placeholder(tf.int32, [])
    names = [branch.name for branch in branches]
    for branch in branches:
        branch.add_to_graph(tf.get_default_graph())
    (result,) = raw.Case(branch_index=index, input=[x], Tout=[tf.float32], branches=names)
    with tf.Session() as session:
        assert [session.run(result, {index: i}) for i in (0, 1, 7)] == [10.0, 15.0, 15.0]
