"""Benchmarks: flowc beside other systems, in one run, as ratios."""
