"""What is predicted. Here, and not beside the models, because targets, features and metrics speak of it too."""

from enum import StrEnum


class Task(StrEnum):
    """What is predicted."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"

    @property
    def is_classification(self) -> bool:
        return self is not Task.REGRESSION
