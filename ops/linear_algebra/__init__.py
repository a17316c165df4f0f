"""Products, solvers and transforms of matrices."""
