"""LightGBM as it comes: the floor that no search may fall below."""

import pandas as pd
from lightgbm import LGBMClassifier, LGBMRegressor


def fit(X, y, job):
    """Return a function from rows to predictions, and the classes in the order of its columns."""
    levels = {name: X[name].astype("category").cat.categories for name in X.select_dtypes(exclude="number")}

    def coded(rows):
        return rows.assign(**{name: pd.Categorical(rows[name], known) for name, known in levels.items()})

    if job.task == "regression":
        model = LGBMRegressor(random_state=job.seed, verbose=-1).fit(coded(X), y)
        return lambda rows: model.predict(coded(rows)), None
    model = LGBMClassifier(random_state=job.seed, verbose=-1).fit(coded(X), y)
    return lambda rows: model.predict_proba(coded(rows)), model.classes_
