"""From a stored estimator back to one that predicts."""

from pathlib import Path

from mlwright.models.protocol import Estimator
from mlwright.models.tabular import MODELS
from mlwright.models.tabular.estimator_file import EstimatorFile
from mlwright.models.unsupervised import UNSUPERVISED


def load_estimator(directory: Path) -> Estimator:
    """Return the estimator that `save` wrote into `directory`; no code from the files is executed.

    Raises:
        DataError: The files are missing or broken.
        InputError: There is no such family.
        MissingExtra: The family's library is not installed.
    """
    name = EstimatorFile.read(directory).family
    estimator: type[Estimator] = (UNSUPERVISED if name in UNSUPERVISED else MODELS).load(name).estimator
    return estimator.load(directory)
