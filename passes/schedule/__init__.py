"""Schedules: rewrites of a kernel that say how its loops run on a machine.

`steps` holds what a step and a schedule are. The steps themselves are in `loops` (merge, split,
reorder), `kinds` (bind, vectorize, unroll, run in order), `partials` (combine partial results) and
`tiles` (stage in fast memory); each docstring shows the loops before and after. What a machine
wants of them is decided in `cpu`, with the estimates of `costs` over the data of
`passes/target.py`.
"""
