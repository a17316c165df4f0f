"""Special functions (Bessel, gamma, zeta ...): another engineer is writing this family."""
