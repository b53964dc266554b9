"""Features: turn the columns of a table into the matrix that a model sees, fitted on training rows only.

`fit_preparation(columns, y, plan)` is the one way to a `Preparation`; it chooses an encoder for each column by the
semantic type and the flavour ("tree" or "linear"), learns their state from the rows it is given and from no others,
and hands back the training matrix, in which no row's own target is hidden. Everything is computed in float64 and cast
to float32 at the end, so that the ONNX graph of `export/onnx/features.py` gives the same bits.

To add an encoder: one file with a frozen dataclass (see `encoders.Encoder`), one line in `encoders.ENCODERS`, its
choice in `preparation.py`, its emission in `export/onnx/features.py`.
"""
