"""Tables that ship with scikit-learn, with column names that read well: `sample://wine`."""

import hashlib
from typing import Any, ClassVar

from mlwright.base.errors import DataError
from mlwright.base.suggest import did_you_mean
from mlwright.base.traits import Traits
from mlwright.data.readers.raw import Raw, ReadOptions

_TARGETS = {"breast_cancer": "diagnosis", "wine": "cultivar", "diabetes": "progression"}
_DIABETES = ("age", "sex", "body_mass_index", "blood_pressure", "total_cholesterol", "ldl", "hdl")
_DIABETES_NAMES = (*_DIABETES, "cholesterol_ratio", "log_triglycerides", "blood_sugar")
_RENAMED = {"od280/od315_of_diluted_wines": "od280_od315_of_diluted_wines"}


class SampleReader:
    """Reads one of scikit-learn's bundled tables."""

    traits: ClassVar[Traits] = Traits("Bundled samples", extra="train", requires=("polars", "sklearn"))

    def read(self, source: str, options: ReadOptions) -> Raw:
        """Read `sample://breast_cancer`, `sample://diabetes` or `sample://wine`.

        Raises:
            DataError: There is no such sample.
        """
        import polars as pl
        from sklearn import datasets

        name = source.removeprefix("sample://")
        if name not in _TARGETS:
            raise DataError(f"There is no sample '{name}'.", hint=did_you_mean(name, _TARGETS))
        options_of_load = {"scaled": False} if name == "diabetes" else {}
        bunch = getattr(datasets, f"load_{name}")(**options_of_load)
        names = _DIABETES_NAMES if name == "diabetes" else [_readable(str(n)) for n in bunch.feature_names]
        columns = {column: bunch.data[:, position] for position, column in enumerate(names)}
        columns[_TARGETS[name]] = _target(name, bunch)
        frame = pl.DataFrame(columns)
        digest = hashlib.sha256(frame.write_csv().encode()).hexdigest()
        return Raw(frame, (), source, digest, ((source, frame.height),))


def _readable(name: str) -> str:
    return _RENAMED.get(name, name.replace(" ", "_"))


def _target(name: str, bunch: Any) -> list[str] | list[float]:
    target = bunch.target
    if name == "diabetes":
        return [float(value) for value in target]
    labels = [str(label) for label in bunch.target_names]
    return [labels[code] for code in target]
