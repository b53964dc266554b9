"""Read tables of every format: `read_raw("customers.csv", base=folder)`.

To add a format: one file with a class like `Reader` in `raw.py`, and one line in `registry.py`.
"""

from mlwright.data.readers.raw import Raw, Reader, ReadOptions, ReadProblem
from mlwright.data.readers.registry import READERS
from mlwright.data.readers.source import local_paths, read_raw

__all__ = ["READERS", "Raw", "ReadOptions", "ReadProblem", "Reader", "local_paths", "read_raw"]
