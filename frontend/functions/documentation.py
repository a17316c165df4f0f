"""The docstrings of functions that follow from an op.

The first lines are the op's own, which stand beside its definition. What follows is read off its
signature: arguments with their ranks and types, results, errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

from flowc.ops.registry import OpDefinition
from flowc.ops.signature import TYPE_SETS, Argument, Attribute, Ranks, Signature

_WIDTH = 96
# Families of which all ops broadcast their operands, or keep their operand's shape.
_BROADCAST = frozenset({"elementwise.binary", "elementwise.logic"})
_ELEMENTWISE = frozenset(
    f"elementwise.{name}"
    for name in ("unary", "trigonometry", "special", "special_bessel", "activations", "logic")
)

# What arguments mean, whichever op has them.
_MEANINGS = {
    "adjoint": "whether the conjugate transpose takes the place of `matrix`",
    "align_corners": "whether the corner pixels of the old and the new image coincide",
    "alg": "the number of the algorithm",
    "axis": "which dimensions; negative numbers count from the last",
    "bad_indices_policy": "'IGNORE' drops indices outside of the tensor, which else are an error",
    "block_shape": "the sizes of a block, one for each blocked dimension",
    "box_ind": "the number of the image for each box",
    "box_indices": "the number of the image for each box",
    "boxes": "corners [y1, x1, y2, x2], in parts of the image's height and width",
    "channels": "how many channels the result has; 0 for as many as the file has",
    "compute_uv": "whether the singular vectors are wanted, too",
    "contents": "the bytes of the file",
    "crop_size": "height and width of the crops",
    "crop_window": "row, column, height and width of the part",
    "crops": "what is cut off at both ends of each blocked dimension",
    "data_format": "the order of the dimensions",
    "dct_method": "the variant of the inverse cosine transform",
    "dilations": "the distance of the filter's elements, for each dimension",
    "dtype": "the type of the result",
    "explicit_paddings": "the zeros on both sides of each dimension, where padding is 'EXPLICIT'",
    "expand_animations": "whether all frames of an animation are wanted",
    "fancy_upscaling": "whether colours that were stored less densely are smoothed",
    "filter": "the weights",
    "full_matrices": "whether the factors are square",
    "half_pixel_centers": "whether a pixel's position is that of its middle",
    "indices": "positions in the first tensor",
    "ksize": "the size of the window, for each dimension",
    "lower": "whether `matrix` is lower triangular; else it is upper triangular",
    "max": "the upper end of the range",
    "min": "the lower end of the range",
    "multiples": "how often each dimension is repeated",
    "name": "a name for the operation",
    "narrow_range": "whether the lowest level is left out",
    "num_bits": "the number of bits that tell the levels apart",
    "num_lower": "how many subdiagonals are kept; all where it is negative",
    "num_segments": "the number of segments",
    "num_upper": "how many superdiagonals are kept; all where it is negative",
    "padding": "'SAME' pads with zeros so that each window counts, 'VALID' leaves others out",
    "paddings": "what is added at both ends of each blocked dimension",
    "rates": "the distance of the elements within a window, for each dimension",
    "ratio": "by how much the image is made smaller",
    "segment_ids": "the number of the segment to which each row belongs",
    "shape": "the sizes of the result",
    "shift": "by how many places, one number for each axis",
    "size": "the new height and width",
    "strides": "by how much the window moves, for each dimension",
    "transpose_a": "whether `a` is transposed",
    "transpose_b": "whether `b` is transposed",
    "updates": "slices, one for each index",
}
_KINDS = {
    "int": "an integer",
    "float": "a float",
    "bool": "a bool",
    "string": "a string",
    "type": "a type",
    "shape": "a shape",
    "tensor": "a constant",
    "func": "a function",
}


def docstring(definition: OpDefinition, parameters: Sequence[str], names: Mapping[str, str]) -> str:
    """What the op does, its arguments, results and errors.

    `parameters` are the function's, `names` tell how it calls what the op calls otherwise.
    """
    signature = definition.signature
    described = {names.get(a.name, a.name): _input(signature, a, names) for a in signature.inputs}
    described |= {names.get(a.name, a.name): _attribute(a) for a in signature.attributes}
    described["name"] = "a string or None"
    lines = [definition.summary or f"Adds the op {definition.name}.", *_shapes(definition, names)]
    lines += ["", "Args:", *(_argument(p, described[p]) for p in parameters)]
    lines += ["", "Returns:", _indented(_results(signature, names))]
    lines += ["", "Raises:", *map(_indented, _ERRORS)]
    return "\n".join(lines)


_ERRORS = (
    "TypeError: for a tensor of another type.",
    "ValueError: for shapes that do not fit.",
    "tf.errors.InvalidArgumentError: from the run, for what only then turns out not to fit.",
)


def _indented(text: str) -> str:
    return fill(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")


def _argument(name: str, what: str) -> str:
    meaning = _MEANINGS.get(name)
    whole = f"{what}: {meaning}" if meaning else what
    return _indented(f"{name}: {whole[0].upper()}{whole[1:]}.")


def _input(signature: Signature, argument: Argument, names: Mapping[str, str]) -> str:
    kind = _of_type(signature, argument, names)
    if argument.number_attr or argument.is_list:
        return f"a list of tensors of {kind}"
    what = "variable" if argument.is_ref else _ranked(argument.ranks)
    return f"a {what} of {kind}"


def _ranked(ranks: Ranks) -> str:
    match ranks:
        case (0, 0):
            return "scalar"
        case (1, 1):
            return "vector"
        case (2, 2):
            return "matrix"
        case (0, 1):
            return "scalar or vector"
        case (0, None):
            return "tensor"
        case (least, None):
            return f"tensor of at least {least} dimension{'s' if least > 1 else ''}"
        case (least, most) if least == most:
            return f"tensor of {least} dimensions"
        case (least, most):
            return f"tensor of {least} to {most} dimensions"


def _of_type(signature: Signature, argument: Argument, names: Mapping[str, str]) -> str:
    """`the type of x` behind the first argument of that type, else the types that are allowed."""
    if argument.dtype is not None:
        return argument.dtype.name
    first = next((a for a in signature.inputs if a.type_attr == argument.type_attr), None)
    if first is not None and first is not argument:
        return f"the type of `{names.get(first.name, first.name)}`"
    attribute = signature.attribute(argument.type_attr)
    if attribute is not None and first is None:
        return f"the type that `{names.get(attribute.name, attribute.name)}` names"
    return _types(() if attribute is None else attribute.allowed)


def _types(allowed: Sequence[Any]) -> str:
    found = tuple(dtype.name for dtype in allowed)
    if not found:
        return "any type"
    for kind in ("numeric", "real"):
        if set(TYPE_SETS[kind]) <= set(found):
            found = (f"any {kind} type", *(n for n in found if n not in TYPE_SETS[kind]))
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} or {found[-1]}"


def _attribute(attribute: Attribute) -> str:
    kind = attribute.type
    if kind.startswith("list("):
        what = f"a list of {_KINDS[kind[5:-1]].split(' ')[1]}s"
    elif kind == "type" and attribute.allowed:
        what = _types(attribute.allowed)
    elif attribute.allowed:
        what = f"one of {', '.join(map(repr, attribute.allowed))}"
    else:
        what = _KINDS[kind]
    if attribute.minimum is not None:
        what += f", at least {attribute.minimum}"
    if attribute.has_default:
        default = attribute.default
        what += f" ({getattr(default, 'name', None) or repr(default)} by default)"
    return what


def _shapes(definition: OpDefinition, names: Mapping[str, str]) -> list[str]:
    """How the result's shape follows, where the whole family has it in common."""
    inputs = [names.get(a.name, a.name) for a in definition.signature.inputs]
    if len(inputs) == 2 and definition.family in _BROADCAST:
        first, second = inputs
        return ["", f"The shapes of `{first}` and `{second}` are broadcast, as NumPy does it."]
    if len(inputs) == 1 and definition.family in _ELEMENTWISE:
        return ["", f"The result has the shape of `{inputs[0]}`, and an element for each of its."]
    return []


def _results(signature: Signature, names: Mapping[str, str]) -> str:
    outputs = signature.outputs
    if not outputs:
        return "The operation."
    found = [f"`{o.name}`: {_result(signature, o, names)}" for o in outputs]
    if len(found) == 1:
        what = _result(signature, outputs[0], names)
        return f"{what[0].upper()}{what[1:]}."
    return f"A named tuple of {'; '.join(found)}."


def _result(signature: Signature, output: Argument, names: Mapping[str, str]) -> str:
    if output.dtype is not None:
        kind = output.dtype.name
    else:
        kind = _of_type(signature, output, names)
    many = output.number_attr or output.is_list
    return f"a list of tensors of {kind}" if many else f"a tensor of {kind}"
