"""The final model of a table: a weighted mix of bags, each bag one family's estimators over the folds.

The estimators that were cross-validated are the ones that predict, so what was measured is what is delivered. Only
families that say `refit` (forests, neighbours) predict by one estimator of all rows, of which the folds' are a cautious
picture.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array, Columns, row_count
from mlwright.features.preparation import Preparation, from_state, preparation_state
from mlwright.models.protocol import Estimator
from mlwright.models.signature import Signature, Task
from mlwright.models.tabular.calibration import Calibrator, calibrator_from_state
from mlwright.models.tabular.loading import load_estimator
from mlwright.models.tabular.ordinal import cut_codes, expected_codes

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Member:
    """A bag: one estimator per fold with the preparation that was fitted on that fold's training rows.

    Attributes:
        family: Name in `MODELS`.
        params: What the estimators were fitted with.
        preparations: One per estimator.
        estimators: At least one.
    """

    family: str
    params: Mapping[str, Any]
    preparations: tuple[Preparation, ...]
    estimators: tuple[Estimator, ...]

    def predict(self, columns: Columns) -> Array:
        """Return the mean over the estimators: probabilities, float64, (n, C), or values, float64, (n,)."""
        return _mean(self, columns, {})

    def save(self, directory: Path) -> None:
        """Write `member.json`, `preparations/` and `estimators/` into an existing, empty directory."""
        stored = _Preparations()
        write_json(directory / "member.json", _save_member(self, directory, stored))
        stored.save(directory / "preparations")

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote, executing no code from it."""
        content = json.loads((directory / "member.json").read_text(encoding="utf-8"))
        return cls(**_load_member(content, directory, _load_preparations(directory / "preparations")))


@dataclass(frozen=True, slots=True)
class TabularModel:
    """A model from raw columns to predictions.

    Attributes:
        signature: Inputs, classes and threshold.
        members, weights: The mix; weights are positive and sum to 1.
        calibrator: Applied to the mix; None leaves it as it is. Never for regression.
    """

    signature: Signature
    members: tuple[Member, ...]
    weights: tuple[float, ...]
    calibrator: Calibrator | None = None

    def predict(self, columns: Columns) -> Array:
        """Return probabilities, float64, shape (n, C), in the order of the classes; or values, float64, shape (n,).

        Raises:
            DataError: An input column is missing.
        """
        for column in self.signature.inputs:
            if column.name not in columns:
                raise DataError(
                    f"The model needs the column '{column.name}', which the rows don't have.",
                    hint=f"give all of: {', '.join(item.name for item in self.signature.inputs)}.",
                )
        matrices: dict[int, Array] = {}
        pairs = zip(self.members, self.weights, strict=True)
        mixed = sum(weight * _mean(member, columns, matrices) for member, weight in pairs)
        return np.asarray(mixed if self.calibrator is None else self.calibrator.apply(np.asarray(mixed)))

    def labels(self, probabilities: Array) -> Array:
        """Return the predicted label of each row as text, shape (n,)."""
        return np.array(self.signature.classes, dtype=object)[label_codes(self.signature, probabilities)]

    def save(self, directory: Path) -> None:
        """Write `model.json`, `preparations/` and `members/` into an existing, empty directory."""
        stored = _Preparations()
        members: list[dict[str, Any]] = []
        for index, member in enumerate(self.members):
            folder = directory / "members" / f"{index:02d}"
            folder.mkdir(parents=True)
            members.append(_save_member(member, folder, stored))
        stored.save(directory / "preparations")
        content = {
            "format": _FORMAT,
            "signature": self.signature.model_dump(mode="json"),
            "weights": list(self.weights),
            "calibrator": None if self.calibrator is None else self.calibrator.state(),
            "members": members,
        }
        write_json(directory / "model.json", content)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote, executing no code from it."""
        content = json.loads((directory / "model.json").read_text(encoding="utf-8"))
        preparations = _load_preparations(directory / "preparations")
        folders = [directory / "members" / f"{index:02d}" for index in range(len(content["members"]))]
        states = zip(content["members"], folders, strict=True)
        return cls(
            signature=Signature.model_validate(content["signature"]),
            members=tuple(Member(**_load_member(state, folder, preparations)) for state, folder in states),
            weights=tuple(content["weights"]),
            calibrator=None if content["calibrator"] is None else calibrator_from_state(content["calibrator"]),
        )


def label_codes(signature: Signature, probabilities: Array) -> Array:
    """Return the class code of each row, int64, shape (n,): by the threshold or the cuts, else the most probable.

    The comparison is made in float32, as the ONNX graph makes it: its outputs are float32.
    """
    if signature.cuts:
        return cut_codes(expected_codes(probabilities), signature.cuts)
    narrow = probabilities.astype(np.float32)
    if signature.task is not Task.BINARY or signature.threshold is None or signature.positive is None:
        return np.argmax(narrow, axis=1).astype(np.int64)
    positive = signature.classes.index(signature.positive)
    chosen = narrow[:, positive] >= np.float32(signature.threshold)
    return np.where(chosen, positive, 1 - positive).astype(np.int64)


def preparation_key(preparation: Preparation) -> str:
    """Return a text that is equal for preparations of equal state."""
    return json.dumps(preparation_state(preparation), sort_keys=True, ensure_ascii=False)


def with_shared_preparations(members: Sequence[Member]) -> tuple[Member, ...]:
    """Return the members with one object for all preparations of equal state, so that each is computed once."""
    known: dict[str, Preparation] = {}
    return tuple(
        replace(member, preparations=tuple(known.setdefault(preparation_key(one), one) for one in member.preparations))
        for member in members
    )


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON in the one form that gives the same bytes for the same content."""
    path.write_text(json.dumps(content, sort_keys=True, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _mean(member: Member, columns: Columns, matrices: dict[int, Array]) -> Array:
    total: Array | None = None
    for preparation, estimator in zip(member.preparations, member.estimators, strict=True):
        # Loaded and searched members share preparation objects, so identity is enough to transform once.
        if id(preparation) not in matrices:
            matrices[id(preparation)] = preparation.transform(columns)
        part = estimator.predict(matrices[id(preparation)]).astype(np.float64)
        total = part if total is None else total + part
    if total is None:
        raise DataError(
            f"The bag of '{member.family}' for {row_count(columns)} rows is empty; one estimator was expected.",
            hint="fit the member again.",
        )
    return total / len(member.estimators)


class _Preparations:
    """Preparations by state, each stored once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._by_identity: dict[int, int] = {}

    def number(self, preparation: Preparation) -> int:
        if id(preparation) not in self._by_identity:
            key = preparation_key(preparation)
            self._by_identity[id(preparation)] = self._numbers.setdefault(key, len(self._numbers))
        return self._by_identity[id(preparation)]

    def save(self, directory: Path) -> None:
        directory.mkdir()
        for key, number in self._numbers.items():
            (directory / f"{number:03d}.json").write_text(key + "\n", encoding="utf-8")


def _load_preparations(directory: Path) -> tuple[Preparation, ...]:
    paths = sorted(directory.glob("*.json"))
    return tuple(from_state(json.loads(path.read_text(encoding="utf-8"))) for path in paths)


def _save_member(member: Member, directory: Path, stored: _Preparations) -> dict[str, Any]:
    for index, estimator in enumerate(member.estimators):
        folder = directory / "estimators" / f"{index:02d}"
        folder.mkdir(parents=True)
        estimator.save(folder)
    return {
        "format": _FORMAT,
        "family": member.family,
        "params": dict(member.params),
        "preparations": [stored.number(preparation) for preparation in member.preparations],
    }


def _load_member(content: Mapping[str, Any], directory: Path, preparations: Sequence[Preparation]) -> dict[str, Any]:
    numbers = content["preparations"]
    folders = [directory / "estimators" / f"{index:02d}" for index in range(len(numbers))]
    return {
        "family": content["family"],
        "params": content["params"],
        "preparations": tuple(preparations[number] for number in numbers),
        "estimators": tuple(load_estimator(folder) for folder in folders),
    }
