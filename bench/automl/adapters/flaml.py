"""FLAML with its defaults."""

from flaml import AutoML

METRICS = {"roc_auc": "roc_auc", "log_loss": "log_loss", "rmse": "rmse"}


def fit(X, y, job):
    """Return a function from rows to predictions, and the classes in the order of its columns."""
    model = AutoML()
    task = "regression" if job.task == "regression" else "classification"
    model.fit(X, y, task=task, metric=METRICS[job.metric], time_budget=job.budget_seconds, seed=job.seed, verbose=0)
    if job.task == "regression":
        return model.predict, None
    return model.predict_proba, model.classes_
