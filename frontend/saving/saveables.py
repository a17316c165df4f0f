"""What a Saver saves: variables, or parts of them, under names of a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from flowc.frontend.aliases import DTypeLike
from flowc.frontend.apply import build
from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.variables.variable import Variable
from flowc.ir.dtypes import DType, as_dtype

_REFERENCES = ("VariableV2", "Variable")
_VARIABLES = (*_REFERENCES, "VarHandleOp", "ReadVariableOp")


class SaveSpec:
    """One tensor of a checkpoint: its value, which may be made late, its name, its slice."""

    def __init__(
        self,
        tensor: Any,
        slice_spec: str,
        name: str,
        dtype: DTypeLike | None = None,
        device: Any = None,
    ) -> None:
        self._tensor = tensor
        self.slice_spec = slice_spec
        self.name = name
        self.dtype: DType = tensor.dtype if dtype is None else as_dtype(dtype)
        self.device: str = tensor.device if device is None else device

    @property
    def tensor(self) -> Any:
        """The tensor to save."""
        return self._tensor() if callable(self._tensor) else self._tensor


class SaveableObject:
    """Something with tensors to save, which `restore` assigns; tables may be such, too."""

    def __init__(self, op: Any, specs: Sequence[SaveSpec], name: str) -> None:
        self.op = op
        self.specs = list(specs)
        self.name = name

    @property
    def device(self) -> str:
        """The device of the tensors."""
        return self.specs[0].device

    def restore(self, restored_tensors: Sequence[Any], restored_shapes: Any) -> Any:
        """An operation that assigns what has been read, in other shapes where some are given."""
        raise NotImplementedError


class _ReferenceSaveable(SaveableObject):
    """A reference variable, or a slice of one."""

    def __init__(self, reference: Any, part: str, name: str) -> None:
        spec = SaveSpec(reference, part, name, device=reference.op.device)
        super().__init__(reference, [spec], name)

    def restore(self, restored_tensors: Sequence[Any], restored_shapes: Any) -> Any:
        value = _reshaped(restored_tensors[0], restored_shapes)
        validate = restored_shapes is None and self.op.shape.is_fully_defined()
        with self.op.graph.colocate_with(self.op.op):
            return build("Assign", self.op, value, validate_shape=validate)


class _ResourceSaveable(SaveableObject):
    """A resource variable, or a slice of one; `read` is a tensor of its value."""

    def __init__(self, read: Any, part: str, name: str) -> None:
        self._handle = read.op.inputs[0]
        spec = SaveSpec(read, part, name, device=self._handle.op.device)
        super().__init__(self._handle, [spec], name)

    def restore(self, restored_tensors: Sequence[Any], restored_shapes: Any) -> Any:
        value = build("Identity", _reshaped(restored_tensors[0], restored_shapes))
        validate = restored_shapes is None and self._handle.shape.is_fully_defined()
        with self._handle.graph.device(self._handle.op.device):
            return build("AssignVariableOp", self._handle, value, validate_shape=validate)


def _reshaped(value: Any, shapes: Any) -> Any:
    return value if shapes is None else build("Reshape", value, shapes[0])


def saveables_of(var_list: Any) -> list[SaveableObject]:
    """The saveables of a list of variables, or of a dictionary from names, sorted by name.

    Raises ValueError where two have one name or one has two, TypeError for what is no variable.
    """
    named = var_list if isinstance(var_list, Mapping) else _by_name(var_list)
    found: dict[Any, SaveableObject] = {}
    for name in sorted(named, key=str):
        if not isinstance(name, str):
            raise TypeError(
                "names_to_saveables must be a dict mapping string names to checkpointable "
                f"operations. Name is not a string: {name}"
            )
        for saveable in _saveables(named[name], name):
            if saveable.op in found:
                raise ValueError(
                    f"The same saveable will be restored with two names: {saveable.name}"
                )
            found[saveable.op] = saveable
    return list(found.values())


def _by_name(var_list: Iterable[Any]) -> dict[str, Any]:
    """The names under which variables are saved; a partitioned one is a list of its parts."""
    named: dict[str, Any] = {}
    for value in sorted(var_list, key=lambda v: v.name):
        info = value._get_save_slice_info() if isinstance(value, Variable) else None
        name = _name(value) if info is None else info.full_name
        if info is not None and isinstance(named.setdefault(name, []), list):
            named[name].append(value)
        elif name in named:
            raise ValueError(f"At least two variables have the same name: {name}")
        else:
            named[name] = value
    return named


def _name(value: Any) -> str:
    if isinstance(value, SaveableObject):
        return value.name
    op: Operation = _tensor_of(value).op
    name: str = op.inputs[0].op.name if op.type == "ReadVariableOp" else op.name
    return name


def _saveables(value: Any, name: str) -> Iterator[SaveableObject]:
    """The saveables that are saved under one name. Raises TypeError, ValueError."""
    if isinstance(value, SaveableObject):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            info = part._get_save_slice_info() if isinstance(part, Variable) else None
            if info is None:
                raise ValueError(f"Slices must all be slices: {part}")
            yield _kind(tensor := _tensor_of(part))(tensor, info.spec, name)
    else:
        yield _kind(tensor := _tensor_of(value))(tensor, "", name)


def _kind(tensor: Any) -> Callable[[Any, str, str], SaveableObject]:
    return _ReferenceSaveable if tensor.op.type in _REFERENCES else _ResourceSaveable


def _tensor_of(value: Any) -> Any:
    """The tensor that is saved: a reference, or the standing read of a resource variable."""
    tensor = value._as_graph_element() if isinstance(value, Variable) else value
    if isinstance(value, Variable) and tensor.op.type == "Identity":
        tensor = tensor.op.inputs[0]  # of a resource variable that a saved graph describes so
    if not isinstance(tensor, TensorBase) or tensor.op.type not in _VARIABLES:
        raise TypeError(f"Variable to save is not a Variable: {value}")
    if tensor.op.type == "VarHandleOp":
        return build("ReadVariableOp", tensor, dtype=tensor.op.attrs["dtype"])
    return tensor
