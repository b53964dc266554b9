"""Tables: read them, know their columns, profile, check and split them.

`schema`, `columns` and `stream` work in the base install (numpy and the standard library); the rest needs polars.
To add a file format: one file in `readers/` and one line in `READERS`.
"""
