"""Monitoring: what the training data looked like (`baseline`), and whether new rows still look so (`alerts.check`).

Purpose: alarms that a person believes. A finding is raised only when it is both significant, corrected for every test
of the whole check, and large enough to matter; same-distribution data raises none at any size. numpy, the standard
library and pydantic are enough; a file larger than memory goes through `accumulate.Accumulator` in batches.

To add a check: write a function that returns a `Suspicion` in `features.py`, and call it in `alerts.py`.
"""
