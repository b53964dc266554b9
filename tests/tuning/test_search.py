"""The search: order, determinism, resume, limits."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.tuning.conftest import folds_of

from mlwright.base.errors import DataError, InputError
from mlwright.tuning.search import SearchPlan, search, usable
from mlwright.tuning.trial import Trial

FAMILIES = ("lightgbm", "linear", "dummy")
PLAN = SearchPlan(FAMILIES, trials=5, seed=3)


def nothing(trial: Trial) -> None:
    """Keep no trial."""


def saved(trials, folder: Path) -> Path:
    for trial in trials:
        place = folder / f"{trial.spec.number:03d}"
        place.mkdir(parents=True)
        trial.save(place)
    return folder


@pytest.fixture(scope="module")
def whole(wines):
    """Return the search that was never stopped."""
    return search(wines, PLAN, [], nothing)


def test_baselines_come_first_then_every_family_once(whole):
    result = whole
    assert [trial.spec.family for trial in result.trials[:3]] == ["dummy", "linear", "lightgbm"]
    assert [trial.spec.origin for trial in result.trials[:3]] == ["baseline", "baseline", "portfolio"]
    assert [trial.spec.number for trial in result.trials] == list(range(5))
    assert result.stopped == "5 trials are done"
    assert all(trial.spec.why for trial in result.trials)


def test_the_search_reaches_tpe_and_its_draws_are_kept(wines):
    result = search(wines, SearchPlan(("dummy", "linear"), trials=6), [], nothing)
    assert result.trials[-1].spec.origin == "tpe"
    assert result.trials[-1].spec.draws


def test_a_search_resumed_after_any_trial_gives_the_same_files(tmp_path, wines, whole, contents):
    expected = contents(saved(whole.trials, tmp_path / "whole"))
    for stop in (2, 4):
        folder = tmp_path / f"stopped {stop}"
        saved(search(wines, replace(PLAN, trials=2), [], nothing).trials if stop == 2 else whole.trials[:stop], folder)
        loaded = [Trial.load(path) for path in sorted(folder.iterdir())]
        result = search(wines, PLAN, loaded, nothing)
        assert contents(saved(result.trials, tmp_path / f"resumed {stop}")) == expected


def test_every_trial_is_handed_over_as_soon_as_it_is_finished(wines):
    class StopError(Exception):
        """The run dies."""

    seen: list[int] = []

    def keep(trial: Trial) -> None:
        seen.append(trial.spec.number)
        if len(seen) == 2:
            raise StopError

    with pytest.raises(StopError):
        search(wines, PLAN, [], keep)
    assert seen == [0, 1]


def test_a_search_by_seconds_ends_in_time_with_a_real_model(tumours):
    started = time.monotonic()
    result = search(tumours, SearchPlan(FAMILIES, seconds=3.0), [], nothing)
    assert time.monotonic() - started < 3.5
    assert len(result.trials) >= 3
    assert result.best is not None
    assert result.best.spec.family != "dummy"


def test_with_both_limits_the_first_one_counts(wines):
    result = search(wines, SearchPlan(("dummy",), trials=1, seconds=30.0), [], nothing)
    assert len(result.trials) == 1
    assert result.seconds < 10


def test_patience_stops_a_search_that_gains_nothing(wines):
    result = search(wines, SearchPlan(("dummy", "linear"), trials=60, patience=3), [], nothing)
    assert "gained nothing" in result.stopped
    assert len(result.trials) < 60


def test_finished_trials_are_not_done_again(wines, whole):
    again = search(wines, PLAN, whole.trials, nothing)
    assert again.trials == whole.trials


def test_no_limit_no_family_and_an_unknown_family_are_errors(wines):
    with pytest.raises(DataError, match="neither trials nor seconds"):
        search(wines, SearchPlan(FAMILIES), [], nothing)
    with pytest.raises(DataError, match="no family"):
        search(wines, SearchPlan((), trials=1), [], nothing)
    with pytest.raises(InputError, match="lightgmb"):
        search(wines, SearchPlan(("lightgmb",), trials=1), [], nothing)


def test_partial_trials_count_only_where_nothing_but_a_dummy_is_complete(wines):
    dummy, linear = search(wines, SearchPlan(("dummy", "linear"), trials=2), [], nothing).trials
    partial = replace(linear, status="partial")
    assert usable([dummy, linear]) == [dummy, linear]
    assert usable([dummy, partial]) == [dummy, partial]
    assert usable([linear, replace(partial, loss=-np.inf)]) == [linear]


def test_a_trial_that_adds_nothing_to_the_mix_ends_after_two_folds_unless_all_are_to_be_finished(tumours):
    six = replace(tumours, folds=folds_of(tumours.rows, 6))
    plan = SearchPlan(("dummy", "linear", "lightgbm", "extra_trees"), trials=4)
    stopped, finished = (search(six, how, [], nothing).trials[3] for how in (plan, replace(plan, prune=False)))
    assert (stopped.spec.family, stopped.status, len(stopped.fold_losses)) == ("extra_trees", "pruned", 2)
    assert stopped.reason == "adds nothing to the mix over 2 folds."
    assert (finished.status, len(finished.fold_losses)) == ("complete", 6)
