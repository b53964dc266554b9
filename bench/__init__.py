"""How fast and how large mlwright is, measured: `make bench`, or `python -m bench.run NAME ...` for some parts.

Each part is one file with one function that takes a `Workspace` and returns a `Part`. To add one: a new file, and a
line in `bench/run.py`. Everything that is timed runs in a process of its own; this process stays small, imports
nothing heavy, and takes medians. Machines are noisy, so a figure stands beside a named reference measured in the same
run, the two taking turns.
"""
