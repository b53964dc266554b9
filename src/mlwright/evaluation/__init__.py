"""Honest evaluation: metrics, intervals, slices, calibration, fairness, and the vault of the sealed test labels.

Purpose: turn labels and predictions into numbers a person can trust. Everything here runs on numpy, the standard
library and pydantic, so that a delivery can be re-checked without the training stack.

To add a metric: write a function `f(y, prediction, *, weight=None) -> float` in `classification.py`, `regression.py`
or `ranking.py`, and add one line to the table in `metrics.py`.
"""
