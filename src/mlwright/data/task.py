"""What is predicted. Here, and not beside the models, because targets, features and metrics speak of it too."""

from enum import StrEnum


class Task(StrEnum):
    """What is predicted."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"
    RANKING = "ranking"
    RECOMMENDATION = "recommendation"
    CLUSTERING = "clustering"
    ANOMALY = "anomaly"
    FORECAST = "forecast"

    @property
    def is_classification(self) -> bool:
        """Whether a prediction is a label with a probability for each class; a cluster is a class nobody named."""
        return self in (Task.BINARY, Task.MULTICLASS, Task.CLUSTERING)

    @property
    def needs_target(self) -> bool:
        """Whether rows are learned from together with an answer."""
        return self not in (Task.CLUSTERING, Task.ANOMALY)

    @property
    def learned_as(self) -> "Task":
        """The task that estimators are fitted for: what is no class is a value."""
        return self if self.is_classification else Task.REGRESSION


# What the families of tables are fitted for; other kinds are learned as one of them or by models of their own.
TABULAR_TASKS = (Task.BINARY, Task.MULTICLASS, Task.REGRESSION)
