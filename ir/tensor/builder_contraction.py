"""Builder methods for contractions, random bits and linear algebra."""

from __future__ import annotations

from collections.abc import Sequence

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder_shapes import Shapes
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitives.common import invalid
from flowc.ir.tensor.primitives.contraction import ConvDimensionNumbers, DotDimensionNumbers


class Contraction(Shapes):
    """Products of tensors, and what works on whole matrices."""

    def dot_general(
        self, x: Value, y: Value, numbers: DotDimensionNumbers, dtype: DType | None = None
    ) -> Value:
        """The sum of products over paired axes; result axes: batching, free of x, free of y.

        `dtype` is the result's element type where it is wider than the operands'.
        """
        lhs = numbers.lhs_batching_dimensions + numbers.lhs_contracting_dimensions
        rhs = numbers.rhs_batching_dimensions + numbers.rhs_contracting_dimensions
        for left, right in zip(lhs, rhs, strict=True):
            size = self.shape(x)[left]
            if self.assumptions.equal(size, self.shape(y)[right]):
                alike = list(self.shape(y))  # equal sizes may still be written differently
                alike[right] = self.shape(x)[left]
                y = self.reshape(y, alike)
        return self.emit(
            "dot_general", x, y, dot_dimension_numbers=numbers, dtype=dtype or x.type.dtype
        )

    def matmul(
        self,
        x: Value,
        y: Value,
        transpose_x: bool = False,
        transpose_y: bool = False,
        dtype: DType | None = None,
    ) -> Value:
        """The matrix products of the last two axes; the other axes are equal batches.

        Raises InvalidArgumentError where the inner sizes differ.
        """
        rank = len(self.shape(x))
        if rank < 2 or rank != len(self.shape(y)):
            raise invalid(f"matmul: no matrices of equal rank: {x.type} and {y.type}")
        inner = rank - 2 if transpose_x else rank - 1, rank - 1 if transpose_y else rank - 2
        left, right = self.shape(x)[inner[0]], self.shape(y)[inner[1]]
        if not self.assumptions.equal(left, right):
            raise invalid(
                f"inner dimensions differ: {left} and {right}, "
                f"of {self.type_of(x)} and {self.type_of(y)}"
            )
        batch = tuple(range(rank - 2))
        numbers = DotDimensionNumbers(batch, batch, (inner[0],), (inner[1],))
        return self.dot_general(x, y, numbers, dtype)

    def convolution(
        self,
        x: Value,
        kernel: Value,
        numbers: ConvDimensionNumbers,
        *,
        window_strides: Sequence[int] | None = None,
        padding: Sequence[tuple[Dim, Dim]] | None = None,
        lhs_dilation: Sequence[int] | None = None,
        rhs_dilation: Sequence[int] | None = None,
        feature_group_count: int = 1,
        batch_group_count: int = 1,
        dtype: DType | None = None,
    ) -> Value:
        """Cross-correlation of x with a kernel (StableHLO's convolution)."""
        spatial = len(numbers.input_spatial_dimensions)
        ones = (1,) * spatial
        return self.emit(
            "convolution",
            x,
            kernel,
            window_strides=tuple(window_strides or ones),
            padding=tuple(padding or ((0, 0),) * spatial),
            lhs_dilation=tuple(lhs_dilation or ones),
            rhs_dilation=tuple(rhs_dilation or ones),
            dimension_numbers=numbers,
            feature_group_count=feature_group_count,
            batch_group_count=batch_group_count,
            dtype=dtype or x.type.dtype,
        )

    def rng_bit_generator(self, state: Value, shape: Sequence[Dim]) -> tuple[Value, Value]:
        """Philox4x32-10: the new state (uint64[3]: key, counter low, high) and uint32 bits."""
        attributes = {"rng_algorithm": "PHILOX", "shape": tuple(shape), "dtype": dtypes.uint32}
        after, bits = self.emit_all("rng_bit_generator", [state], attributes)
        return after, bits

    def fft(self, x: Value, fft_type: str, fft_length: Sequence[Dim]) -> Value:
        """FFT, IFFT, RFFT or IRFFT over the last `len(fft_length)` axes."""
        return self.emit("fft", x, fft_type=fft_type, fft_length=tuple(fft_length))

    def cholesky(self, x: Value, lower: bool = True) -> Value:
        """The triangular factor of positive definite matrices; NaN for others."""
        return self.emit("cholesky", x, lower=lower)

    def lu(self, x: Value) -> tuple[Value, Value, Value]:
        """Factors of square matrices with rows exchanged, x[order] = l u.

        The unit lower and the upper triangle are in one matrix; the order and the number of
        exchanges are int32. A singular matrix has a 0 in the diagonal.
        """
        factors, order, swaps = self.emit_all("lu", [x])
        return factors, order, swaps

    def triangular_solve(
        self,
        a: Value,
        b: Value,
        *,
        left_side: bool = True,
        lower: bool = True,
        unit_diagonal: bool = False,
        transpose_a: str = "NO_TRANSPOSE",
    ) -> Value:
        """x of `op(a) x = b`, or of `x op(a) = b`; op is NO_TRANSPOSE, TRANSPOSE or ADJOINT."""
        return self.emit(
            "triangular_solve",
            a,
            b,
            left_side=left_side,
            lower=lower,
            unit_diagonal=unit_diagonal,
            transpose_a=transpose_a,
        )
