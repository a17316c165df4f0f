"""The primitives of tensor IR, each one object with its rules beside it; importing fills the table.

A `Primitive` says how result types follow from operands (`infer`) and what the results are
(`evaluate`, plain NumPy, the oracle of all tests). Names and semantics are StableHLO's
(https://openxla.org/stablehlo/spec), or CHLO's for functions that StableHLO lacks; the few of our
own are `size`, `check`, `fusion`, `lu`, `true_positions` and `measure`. The families:

  elementwise     add, maximum, exponential, compare, select, clamp ...
  counting        true_positions, measure
  conversion      convert, bitcast_convert
  movement        constant, iota, broadcast_in_dim, reshape, transpose, slice, concatenate, pad ...
  indexing        gather, scatter, dynamic_slice, dynamic_update_slice
  contraction     dot_general, convolution
  reduction       reduce, sort
  windows         reduce_window, select_and_scatter
  random          rng_bit_generator
  linear_algebra  fft, cholesky, lu, triangular_solve
  control         while, case, size, check, fusion
"""

from flowc.ir.tensor.primitives import (  # noqa: F401  each fills the table
    contraction,
    control,
    conversion,
    counting,
    elementwise,
    indexing,
    linear_algebra,
    movement,
    random,
    reduction,
    windows,
)
