"""mljar-supervised; the option `mode` names its own mode. Fewer jobs than -1 would drop its network silently."""

from supervised.automl import AutoML

METRICS = {"roc_auc": "auc", "log_loss": "logloss", "rmse": "rmse"}
TASKS = {"binary": "binary_classification", "multiclass": "multiclass_classification", "regression": "regression"}


def fit(X, y, job):
    """Return a function from rows to predictions, and the classes in the order of its columns."""
    model = AutoML(
        results_path=job.folder + "/mljar",
        mode=job.options["mode"],
        ml_task=TASKS[job.task],
        eval_metric=METRICS[job.metric],
        total_time_limit=int(job.budget_seconds),
        random_state=job.seed,
        n_jobs=-1,
        verbose=0,
    )
    model.fit(X, y)
    if job.task == "regression":
        return model.predict, None
    columns = [name for name in model.predict_all(X.head(2)).columns if name.startswith("prediction_")]
    return model.predict_proba, [name.removeprefix("prediction_") for name in columns]
