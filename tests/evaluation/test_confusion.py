import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from mlwright.base.errors import DataError
from mlwright.evaluation.confusion import confusion


def test_counts_equal_sklearn_and_mistakes_are_ordered():
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 3, 200), rng.integers(0, 3, 200)
    found = confusion(y, p, ("a", "b", "c"))
    theirs = confusion_matrix(y, p)
    assert np.array_equal(found.counts, theirs)
    top = found.worst_mistakes(1)[0]
    off = theirs - np.diag(np.diag(theirs))
    assert top[2] == off.max()


def test_a_class_that_never_occurs_has_no_recall():
    found = confusion(np.array([0, 0]), np.array([0, 1]), ("no", "yes"))
    assert found.classes[1].recall is None
    assert found.classes[1].precision == 0
    assert found.classes[0].recall == 0.5
    low, high = found.classes[0].recall_interval
    assert low < 0.5 < high


def test_a_code_without_a_label_is_refused():
    with pytest.raises(DataError, match="2 class labels"):
        confusion(np.array([0, 2]), np.array([0, 1]), ("a", "b"))
