"""AutoGluon; the option `presets` names one of its presets. Models are kept in memory for predictions."""

import torch

# The CPU build of torch lacks two operators that torchvision, which fastai imports, names: without them AutoGluon
# would drop one of its networks.
_missing = torch.library.Library("torchvision", "DEF")
for _name in ("nms", "qnms"):
    _missing.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from autogluon.tabular import TabularPredictor  # noqa: E402

METRICS = {"roc_auc": "roc_auc", "log_loss": "log_loss", "rmse": "root_mean_squared_error"}


def fit(X, y, job):
    """Return a function from rows to predictions, and the classes in the order of its columns."""
    model = TabularPredictor(
        label=y.name, problem_type=job.task, eval_metric=METRICS[job.metric], path=job.folder + "/autogluon"
    )
    model.fit(X.assign(**{y.name: y}), presets=job.options["presets"], time_limit=job.budget_seconds)
    model.persist()
    if job.task == "regression":
        return lambda rows: model.predict(rows, as_pandas=False), None
    return lambda rows: model.predict_proba(rows, as_pandas=False, as_multiclass=True), model.class_labels
