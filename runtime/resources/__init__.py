"""What host kernels keep between runs: queues, readers, accumulators, tables.

`SessionResources` holds them by name. Kernels know them by the protocols of `ops/resources.py`. All
threads of a session run host kernels one at a time, so no resource locks anything.
"""
