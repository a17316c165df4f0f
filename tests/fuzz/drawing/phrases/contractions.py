"""Products, convolutions, pooling, and what works on images and matrices."""

from __future__ import annotations

from tests.fuzz.drawing.drawing import FLOATS, Unfit
from tests.fuzz.drawing.holes import Holes


def matmul(h: Holes) -> str:
    """By a constant, a value of fitting size, or its own transpose."""
    x = h.operand(FLOATS, "2+")
    ta, tb = h.d.chance(0.3), h.d.chance(0.3)
    k = x.shape[-2 if ta else -1]
    axis = -1 if tb else -2
    if h.d.chance(0.3):
        other = f"{x.name}{', adjoint_a=True' if ta else ', adjoint_b=True'}"
        return f"tf.matmul({h.text(x)}, {other}) * 0.3"
    if h.d.chance(0.5) and k is not None:
        n = h.hole_small("")
        right = h.constant((n, k) if tb else (k, n), x.dtype)
        if x.rank > 2 and h.d.chance(0.5):
            right = h.constant((1,) * (x.rank - 2) + ((n, k) if tb else (k, n)), x.dtype)
    else:
        right = h.text(
            h.take(
                lambda v: (
                    v.dtype == x.dtype
                    and v.rank in (2, x.rank)
                    and all(
                        a.shape[axis] == b.shape[-2 if ta else -1]
                        for a, b in zip(v.arrays, x.arrays, strict=True)
                    )
                )
            )
        )
    return f"tf.matmul({h.text(x)}, {right}, transpose_a={ta}, transpose_b={tb}) * 0.3"


def einsum(h: Holes) -> str:
    """Some equation that fits the operand's rank."""
    x = h.operand(("float32", "float64"), "2+")
    if x.rank > 4:
        raise Unfit
    k, n, last = x.known(-1), h.hole_small(""), "abcd"[: x.rank]
    equation = h.d.choose(
        f"{last},{last[-1]}z->{last[:-1]}z",
        f"{last},z{last[-1]}->z{last[:-1]}",
        f"...{last[-1]},{last[-1]}z->...z",
    )
    shape = (n, k) if f",z{last[-1]}" in equation else (k, n)
    return f"tf.einsum('{equation}', {h.text(x)}, {h.constant(shape, x.dtype)})"


def convolution(h: Holes) -> str:
    """A 2-D convolution of any stride, dilation, padding; depthwise and transposed too."""
    x = h.operand(FLOATS, "4")
    c, n = x.known(3), h.d.choose(1, 2, 3, 5)
    kh, kw = h.d.choose(1, 2, 3), h.d.choose(1, 2, 3, 5)
    padding, s = h.d.choose("SAME", "VALID"), h.d.choose(1, 1, 2, 3)
    rate = h.d.choose(1, 1, 2) if s == 1 else 1
    name = h.text(x)
    match h.d.choose("plain", "plain", "plain", "depthwise", "transpose", "separable", "dilation"):
        case "plain":
            w = h.constant((kh, kw, c, n), x.dtype)
            return (
                f"tf.nn.conv2d({name}, {w}, [1, {s}, {s}, 1], '{padding}',"
                f" dilations=[1, {rate}, {rate}, 1]) * 0.3"
            )
        case "depthwise":
            w = h.constant((kh, kw, c, h.d.choose(1, 2)), x.dtype)
            return f"tf.nn.depthwise_conv2d({name}, {w}, [1, {s}, {s}, 1], '{padding}') * 0.3"
        case "transpose":
            w = h.constant((kh, kw, n, c), x.dtype)
            size = f"[tf.shape({x.name})[0], tf.shape({x.name})[1] * {s},"
            size += f" tf.shape({x.name})[2] * {s}, {n}]"
            return f"tf.nn.conv2d_transpose({name}, {w}, {size}, [1, {s}, {s}, 1], 'SAME') * 0.3"
        case "separable":
            depth = h.constant((kh, kw, c, 1), x.dtype)
            point = h.constant((1, 1, c, n), x.dtype)
            return f"tf.nn.separable_conv2d({name}, {depth}, {point}, [1, 1, 1, 1], '{padding}')"
        case _:
            w = h.constant((kh, kw, c), x.dtype)
            return (
                f"tf.nn.dilation2d({name}, {w}, [1, {s}, {s}, 1], [1, {rate}, {rate}, 1],"
                f" '{padding}')"
            )


def convolution_1d(h: Holes) -> str:
    """A 1-D convolution."""
    x = h.operand(("float32", "float64"), "3")
    w = h.constant((h.d.choose(1, 2, 3), x.known(2), h.hole_small("")), x.dtype)
    padding = h.d.choose("SAME", "VALID")
    return f"tf.nn.conv1d({h.text(x)}, {w}, {h.d.choose(1, 1, 2)}, '{padding}') * 0.3"


def convolution_3d(h: Holes) -> str:
    """A 3-D convolution."""
    x = h.operand(("float32", "float64"), "5")
    w = h.constant((1, 2, 2, x.known(4), h.d.choose(1, 3)), x.dtype)
    return f"tf.nn.conv3d({h.text(x)}, {w}, [1, 1, 1, 2, 1], '{h.d.choose('SAME', 'VALID')}')"


def pooling(h: Holes) -> str:
    """Maximum or mean of windows."""
    x = h.operand(("float32", "float64", "float16", "bfloat16"), "4")
    kind, padding = h.d.choose("max", "max", "avg"), h.d.choose("SAME", "VALID")
    size = [1, h.d.choose(1, 2, 3), h.d.choose(1, 2, 3), 1]
    step = [1, h.d.choose(1, 2, 3), h.d.choose(1, 2), 1]
    return f"tf.nn.{kind}_pool({h.text(x)}, {size}, {step}, '{padding}')"


def normalised(h: Holes) -> str:
    """Batch normalisation by the batch's own or constant moments."""
    x = h.operand(("float32",), "4")
    c = x.known(3)
    scale, offset = h.constant((c,), "float32"), h.constant((c,), "float32")
    if h.d.chance(0.5):
        return f"tf.nn.fused_batch_norm({h.text(x)}, {scale}, {offset}, epsilon=0.1)[0]"
    moments = f"{h.constant((c,), 'float32')}, tf.abs({h.constant((c,), 'float32')})"
    return f"tf.nn.batch_normalization({h.text(x)}, {moments}, {offset}, {scale}, 0.1)"


PRODUCTS = (
    *(matmul,) * 6,
    *(einsum,) * 2,
    "tf.tensordot({single:1+}, {like}, [[{axis}], [{axis}]]) * 0.1",
    "tf.tensordot({single:1}, {like}, 1) * 0.1",
    "tf.einsum('...i,...i->...', {single:1+}, {like})",
    "tf.einsum('ij,kj->ik', {single:2}, {like}) * 0.2",
    "tf.matmul(tf.fill([3, tf.shape({single:2})[0]], tf.reduce_mean({0})), {0})",
    "tf.matmul({single:2}, tf.ones([tf.shape({0})[1], {small}], {0}.dtype) * {0}[0, 0]) * 0.2",
    "tf.matmul({int:2}, tf.transpose({0}))",
    "tf.linalg.matvec({single:2+}, {0}[..., 0, :])",
    "tf.linalg.trace({single:2+})",
    "tf.nn.bias_add({float:2+}, tf.reduce_sum({0}, list(range(len({0}.shape) - 1))) * 0.1)",
)
IMAGES = (
    *(convolution,) * 7,
    convolution_1d,
    convolution_1d,
    convolution_3d,
    *(pooling,) * 5,
    normalised,
    normalised,
    "tf.depth_to_space({number:4}, 2)",
    "tf.space_to_depth({number:4}, 2)",
    "tf.space_to_batch_nd({float:4}, [1, 2], [[0, 0], [0, tf.shape({0})[2] % 2]])",
    "tf.extract_image_patches({float:4}, [1, 2, 3, 1], [1, 1, 2, 1], [1, 1, 1, 1],"
    " '{of:SAME|VALID}')",
    "tf.nn.lrn({float:4}, 2, 1.0, 0.3, 0.6)",
    "tf.image.resize_nearest_neighbor({float:4}, [{of:2|3|5}, {of:1|4}])",
    "tf.image.resize_bilinear({single:4}, [{of:2|3|5}, {of:1|4}], align_corners={flag})",
    "tf.image.flip_left_right({float:4})",
    "tf.image.adjust_contrast({single:4}, 0.7)",
    "tf.expand_dims(tf.expand_dims({float:2}, 0), -1)",
    "tf.expand_dims({float:3}, -1)",
    "tf.layers.flatten({float:4})",
    "tf.reduce_max({float:4}, [1, 2])",
)
MATRICES = (
    "tf.cholesky(tf.matmul({single:2+}, {0}, adjoint_b=True) + tf.eye(tf.shape({0})[-2],"
    " dtype={0}.dtype) * 3.)",
    "tf.matrix_triangular_solve(tf.matmul({single:2}, {0}, adjoint_b=True)"
    " + tf.eye(tf.shape({0})[-2], dtype={0}.dtype) * 5., {0})",
    "tf.matrix_inverse(tf.matmul({single:2}, {0}, adjoint_b=True)"
    " + tf.eye(tf.shape({0})[-2], dtype={0}.dtype) * 5.)",
    "tf.matrix_determinant(tf.matmul({single:2}, {0}, adjoint_b=True) * 0.1"
    " + tf.eye(tf.shape({0})[-2], dtype={0}.dtype))",
    "tf.matrix_solve(tf.matmul({single:2}, {0}, adjoint_b=True)"
    " + tf.eye(tf.shape({0})[-2], dtype={0}.dtype) * 5., {0})",
    "tf.abs(tf.spectral.fft(tf.complex({single:1+}, {like})))",
    "tf.spectral.rfft({single:1+})",
    "tf.spectral.irfft(tf.spectral.rfft({single:1+}))",
    "tf.spectral.dct({single:1+}, 2)",
)
