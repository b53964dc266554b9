"""From a stored estimator back to one that predicts."""

from pathlib import Path

from mlwright.models.protocol import Estimator, Family
from mlwright.models.tabular import MODELS
from mlwright.models.tabular.estimator_file import EstimatorFile


def load_estimator(directory: Path) -> Estimator:
    """Return the estimator that `save` wrote into `directory`; no code from the files is executed.

    Raises:
        DataError: The files are missing or broken.
        InputError: There is no such family.
        MissingExtra: The family's library is not installed.
    """
    family: Family = MODELS.load(EstimatorFile.read(directory).family)()
    return family.estimator.load(directory)
