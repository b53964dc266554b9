"""Search: cross-validated trials, how the time is spent on them, mixes of them, and the choice under the noise floor.

`search` runs trials of the families in `MODELS` on a `TrainingTable`; `greedy_mix` blends their out-of-fold
predictions; `choose` keeps the simplest candidate that the noise can't tell from the best; `build_model` makes the
model of the choice. To add a family, write it in `models/tabular/` and register it: the search finds it there.
"""
