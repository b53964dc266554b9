"""mlwright by its Python API."""

from mlwright import MLWrightClassifier, MLWrightRegressor

METRICS = {"roc_auc": "roc_auc", "log_loss": "log_loss", "rmse": "rmse"}


def fit(X, y, job):
    """Return a function from rows to predictions, and the classes in the order of its columns."""
    estimator = MLWrightRegressor if job.task == "regression" else MLWrightClassifier
    model = estimator(time=job.budget_seconds, metric=METRICS[job.metric], seed=job.seed).fit(X, y)
    if job.task == "regression":
        return model.predict, None
    return model.predict_proba, model.classes_
