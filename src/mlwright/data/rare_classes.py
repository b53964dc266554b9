"""Classes of very few rows: what is refused, what is said, and where their rows go."""

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.findings import Finding
from mlwright.data.splits import FoldArrays, Folds, lone_rows
from mlwright.data.target import Target

_LEAST_OF_TWO = 3
_LEAST_VALID_ROWS = 2
_FEW_ROWS = 10  # fewer can't be in every fold and in the test, and no score of the class means much
_SHOWN = 10


def check_rarest(target: Target, name: str) -> None:
    """Refuse a table of two classes of which one is too rare to be both learned and tested.

    Of three classes and more a rare one is kept however rare it is, since there is something else to tell apart.

    Args:
        target: Of the whole table.
        name: The target's column.

    Raises:
        DataError: The rarer of two classes has fewer than three rows.
    """
    if len(target.classes) != 2:
        return
    rows = np.bincount(target.codes_or_values, minlength=2)
    if rows.min() < _LEAST_OF_TWO:
        count = "one row only" if rows.min() == 1 else f"{rows.min()} rows only"
        raise DataError(
            f"The class '{target.classes[int(rows.argmin())]}' of the target '{name}' has {count}, and there is one "
            f"other class. At least {_LEAST_OF_TWO} are needed: one to test on, two to learn from and check by.",
            hint="give more rows of it, or look for such rows without learning from them (kind: anomaly).",
        )


def rare_class_findings(target: Target, name: str) -> list[Finding]:
    """Return a finding when classes have fewer than ten rows: what is done with them, and what their scores mean.

    Example:
        >>> codes = np.array([0] * 20 + [1] * 20 + [2])
        >>> rare_class_findings(Target(codes, ("a", "b", "c"), "string"), "y")[0].evidence["rows"]
        [1]
    """
    if not target.classes:
        return []
    rows = np.bincount(target.codes_or_values, minlength=len(target.classes))
    rare = [int(code) for code in np.argsort(rows, kind="stable") if rows[code] < _FEW_ROWS]
    if not rare:
        return []
    shown = ", ".join(f"'{target.classes[code]}' ({rows[code]})" for code in rare[:_SHOWN])
    shown += ", ..." if len(rare) > _SHOWN else ""
    lone = int((rows == 1).sum())
    kept = f" {lone} of them have one row, which is always trained on and never tested on." if lone else ""
    few = "1 class has" if len(rare) == 1 else f"{len(rare)} classes have"
    return [
        Finding(
            check="rare_classes",
            severity="warning",
            columns=(name,),
            evidence={"classes": [target.classes[code] for code in rare], "rows": [int(rows[code]) for code in rare]},
            message=f"{few} fewer than {_FEW_ROWS} rows: {shown}. They stay classes of the model.{kept}",
            hint="no score of so few rows means much: collect more of them, or merge them with a class like them.",
        )
    ]


def lone_rows_to_training(found: Folds, arrays: FoldArrays) -> Folds:
    """Return the folds with the one row of a class in every training part, and in no validation part.

    A model that never saw a class can't be judged by its only row. Rows of a group stay where their group is, and rows
    with a time where it puts them; so stay all where hardly a row would be left to judge by.

    Args:
        found: From `folds`.
        arrays: `y` holds class codes.

    Example:
        >>> arrays = FoldArrays(np.array([0, 0, 1, 0, 0]))
        >>> found = (np.array([0, 1]), np.array([2, 3, 4])), (np.array([2, 3, 4]), np.array([0, 1]))
        >>> [valid.tolist() for _, valid in lone_rows_to_training(found, arrays)]
        [[3, 4], [0, 1]]
    """
    lone = lone_rows(arrays)
    left = [valid[~lone[valid]] for _, valid in found]
    if arrays.time is not None or not lone.any() or min(len(valid) for valid in left) < _LEAST_VALID_ROWS:
        return found
    return tuple(
        (np.union1d(train, valid[lone[valid]]), kept) for (train, valid), kept in zip(found, left, strict=True)
    )
