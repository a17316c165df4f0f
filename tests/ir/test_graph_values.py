"""Attribute values and constants of GraphDefs."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from flowc.ir import dtypes
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.proto import AttrValue, NameAttrList, NodeDef, TensorProto, TensorShapeProto
from flowc.ir.tensor_values import shape_to_proto
from flowc.ops.graph_values import (
    Placeholder,
    attr_to_python,
    complete_attributes,
    make_ndarray,
    make_tensor_proto,
    python_to_attr,
)
from flowc.ops.registry import OpDefinition


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (dtypes.float32, "type"),
        (3, "int"),
        (0.5, "float"),
        (True, "bool"),
        ("text", "string"),
        ("\udcff", "string"),  # a byte that is not UTF-8
        ((2, None), "shape"),
        (None, "shape"),
        ("function", "func"),
        (Placeholder("T"), "type"),
        ((1, 2), "list(int)"),
        ((), "list(float)"),
        ((dtypes.int32, dtypes.string), "list(type)"),
        (((1, None), None), "list(shape)"),
    ],
)
def test_attribute_round_trip(value: Any, kind: str) -> None:
    attr = AttrValue.FromString(python_to_attr(value, kind).SerializeToString())
    assert attr_to_python(attr) == value


@pytest.mark.parametrize("dtype", [d for d in dtypes.ALL if d.kind not in ("opaque", "string")])
@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (0, 2)])
def test_tensor_round_trip(dtype: dtypes.DType, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype.numpy)
    result = make_ndarray(make_tensor_proto(array, dtype))
    assert result.dtype == dtype.numpy
    assert np.array_equal(result, array)
    assert result.shape == shape


def test_strings_become_bytes() -> None:
    result = make_ndarray(make_tensor_proto([["a", b"\xff"]], dtypes.string))
    assert result.tolist() == [[b"a", b"\xff"]]


def test_last_value_repeats() -> None:
    proto = make_tensor_proto([1.0, 2.0], dtypes.float32, (4,))
    assert make_ndarray(proto).tolist() == [1, 2, 2, 2]
    assert make_ndarray(TensorProto(dtype=3, tensor_shape=shape_to_proto((2,)))).tolist() == [0, 0]


def test_bits_of_short_floats() -> None:
    assert make_tensor_proto(np.array(1, ml_dtypes.bfloat16)).half_val == [0x3F80]
    assert make_tensor_proto(np.array(1, np.float16)).half_val == [0x3C00]


def test_a_huge_splat_takes_no_memory() -> None:
    proto = make_tensor_proto(1.0, dtypes.float32, (1 << 20, 1 << 20))
    assert make_ndarray(proto)[-1, -1] == 1


@pytest.mark.parametrize(
    "proto",
    [
        TensorProto(dtype=1, tensor_shape=shape_to_proto((2,)), tensor_content=b"1234"),
        TensorProto(dtype=99, tensor_shape=shape_to_proto(())),
        TensorProto(dtype=7, tensor_shape=shape_to_proto((1,)), tensor_content=b"12345678"),
        TensorProto(dtype=1, tensor_shape=shape_to_proto((None,)), float_val=[1]),
        TensorProto(dtype=1, tensor_shape=shape_to_proto((1,)), float_val=[1, 2]),
        TensorProto(dtype=1, tensor_shape=shape_to_proto((1 << 40, 1 << 40)), float_val=[1]),
        TensorProto(dtype=8, tensor_shape=shape_to_proto((1,)), scomplex_val=[1]),
    ],
)
def test_bad_tensors_are_errors(proto: TensorProto) -> None:
    with pytest.raises(InvalidArgumentError):
        make_ndarray(proto)


DEFINITION = OpDefinition("Thing(x: T; T: {float32}, n: int >= 1, flag: bool = true) -> y: T")


def node(**attrs: AttrValue) -> NodeDef:
    return NodeDef(name="a", op="Thing", attr=attrs)


TYPE = AttrValue(type=1)


def test_defaults_are_filled_in() -> None:
    given = node(T=TYPE, n=AttrValue(i=2), _class=AttrValue(s=b"x"), new=AttrValue(b=False))
    assert complete_attributes(DEFINITION, given) == {"T": dtypes.float32, "n": 2, "flag": True}


@pytest.mark.parametrize(
    ("attrs", "message"),
    [
        ({"T": TYPE}, "Thing 'a': attribute 'n' is missing"),
        ({"T": AttrValue(type=2), "n": AttrValue(i=1)}, "'T' is float64, not one of float32"),
        ({"T": TYPE, "n": AttrValue(i=0)}, "'n' is 0, less than 1"),
        ({"T": TYPE, "n": AttrValue(f=1)}, "'n' is no int"),
        ({"T": TYPE, "n": AttrValue(i=1), "new": AttrValue(b=True)}, "has no attribute 'new'"),
    ],
)
def test_bad_attributes_are_errors(attrs: dict[str, AttrValue], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        complete_attributes(DEFINITION, node(**attrs))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("flag2", AttrValue(b=False)),
        ("size", AttrValue(i=0)),
        ("note", AttrValue(s=b"")),
        ("Tout", AttrValue(type=1)),
        ("Tall", AttrValue(list=AttrValue.ListValue(type=[1, 1]))),
        ("shape", AttrValue(shape=TensorShapeProto(unknown_rank=True))),
        ("sizes", AttrValue(list=AttrValue.ListValue())),
        ("data_format", AttrValue(s=b"NHWC")),
        ("dilations", AttrValue(list=AttrValue.ListValue(i=[1, 1, 1, 1]))),
        ("use_cudnn_on_gpu", AttrValue(b=True)),
        ("parallel_iterations", AttrValue(i=10)),
        ("_XlaCompile", AttrValue(b=True)),
    ],
)
def test_unknown_attributes_at_their_default_are_dropped(name: str, value: AttrValue) -> None:
    given = node(T=TYPE, n=AttrValue(i=2), **{name: value})
    assert name not in complete_attributes(DEFINITION, given)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("flag2", AttrValue(b=True), "True"),
        ("size", AttrValue(i=3), "3"),
        ("rate", AttrValue(f=0.5), "0.5"),
        ("mode", AttrValue(s=b"REFLECT"), "'REFLECT'"),
        ("Tout", AttrValue(type=9), "int64"),
        ("shape", AttrValue(shape=TensorShapeProto()), r"\(\)"),
        ("data_format", AttrValue(s=b"NCHW"), "'NCHW'"),
        ("dilations", AttrValue(list=AttrValue.ListValue(i=[1, 2, 2, 1])), r"\(1, 2, 2, 1\)"),
        ("body", AttrValue(func=NameAttrList(name="f")), "'f'"),
        ("bound", AttrValue(placeholder="N"), "'N'"),
    ],
)
def test_other_unknown_attributes_are_refused(name: str, value: AttrValue, shown: str) -> None:
    given = node(T=TYPE, n=AttrValue(i=2), **{name: value})
    message = f"Thing 'a': the op has no attribute '{name}', whose value .*{shown}"
    with pytest.raises(InvalidArgumentError, match=message):
        complete_attributes(DEFINITION, given)
