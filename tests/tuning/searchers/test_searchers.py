"""Every searcher on a toy whose best point is known, and on a small real table; each goes on where it was stopped."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.report.sections import SectionFact
from mlwright.tuning.search import SearchPlan
from mlwright.tuning.searchers import SEARCHERS
from mlwright.tuning.searchers.insight import importances, search_sections
from mlwright.tuning.searchers.protocol import Ground, Pruner, SearcherPlan
from mlwright.tuning.searchers.space import dimension
from mlwright.tuning.searchers.study import LATENCY, Manner, StudyProposer
from mlwright.tuning.table import TrainingTable
from mlwright.tuning.trial import Trial, TrialSpec

SAMPLED = ("tpe", "cmaes", "random", "nsga2")
BEST = 30.0  # the toy's best strength


def manner(name: str) -> Manner:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    samplers = optuna.samplers
    return {
        "tpe": Manner("tpe", lambda seed: samplers.TPESampler(seed=seed, n_startup_trials=5)),
        "cmaes": Manner("cmaes", lambda seed: samplers.CmaEsSampler(seed=seed, n_startup_trials=3), by_family=True),
        "random": Manner("random", lambda seed: samplers.RandomSampler(seed=seed), warm=False),
        "nsga2": Manner(
            "nsga2",
            lambda seed: samplers.NSGAIISampler(seed=seed, population_size=8),
            latency=lambda trial: abs(math.log10(trial.spec.params["strength"] / BEST)) + 1.0,
        ),
    }[name]


def toy(spec: TrialSpec) -> Trial:
    """The loss is the squared distance of the strength from the best one, in powers of ten."""
    loss = math.log10(spec.params["strength"] / BEST) ** 2
    return Trial(spec, None, np.zeros(1), (loss,), loss, 0.0, "complete")


def proposer(name: str, table: TrainingTable) -> StudyProposer:
    space = {"linear": {"strength": dimension("0.0001 to 10000 log")}}
    plan = SearcherPlan(SearchPlan(("linear",), trials=60), space)
    return StudyProposer(manner(name), Ground.of(table, plan), plan, 0, 3)


def drive(one: StudyProposer, trials: list[Trial], upto: int) -> list[Trial]:
    for number in range(len(trials), upto):
        trials.append(one.tell(toy(one.propose(number, trials).spec)))
    return trials


@pytest.mark.parametrize(("name", "within"), [("tpe", 0.1), ("cmaes", 0.1), ("random", 0.5), ("nsga2", 0.5)])
def test_the_best_point_of_a_toy_is_found(name: str, within: float, diabetes: TrainingTable) -> None:
    trials = drive(proposer(name, diabetes), [], 60)
    best = min(trials, key=lambda trial: trial.loss)
    assert abs(math.log10(best.spec.params["strength"] / BEST)) < within


@pytest.mark.parametrize("name", SAMPLED)
def test_a_stopped_study_goes_on_as_if_it_had_not(name: str, diabetes: TrainingTable) -> None:
    whole = drive(proposer(name, diabetes), [], 24)
    second = proposer(name, diabetes)
    for trial in whole[:15]:
        second.replay(trial)
    resumed = drive(second, list(whole[:15]), 24)
    assert [one.spec for one in resumed] == [one.spec for one in whole]


def plan_for(method: str, trials: int = 6) -> SearcherPlan:
    space = {} if method == "auto" else {"linear": {"strength": dimension("0.01 to 100 log")}}
    return SearcherPlan(SearchPlan(("dummy", "linear"), trials=trials), space)


@pytest.mark.parametrize("method", ["auto", "grid", *SAMPLED])
def test_a_real_table_is_searched_and_a_killed_search_goes_on(method: str, diabetes: TrainingTable) -> None:
    kept: list[Trial] = []
    result = SEARCHERS.load(method)().search(diabetes, plan_for(method), [], kept.append)
    assert len(kept) == len(result.trials) >= 4
    assert result.best is not None
    assert result.best.loss < 60  # the constant's is 77
    if method == "nsga2":
        assert all(LATENCY in trial.spec.draws for trial in kept)
        return
    again = SEARCHERS.load(method)().search(diabetes, plan_for(method), result.trials[:3], lambda _: None)
    assert [one.spec for one in again.trials] == [one.spec for one in result.trials]


def test_a_grid_tries_each_combination_once(diabetes: TrainingTable) -> None:
    space = {"linear": {"loss": dimension(["squared"]), "strength": dimension("0.1 to 10 log")}}
    plan = SearcherPlan(SearchPlan(("linear",), trials=50), space)
    result = SEARCHERS.load("grid")().search(diabetes, plan, [], lambda _: None)
    assert [trial.spec.params["strength"] for trial in result.trials] == pytest.approx([0.1, 1.0, 10.0])
    assert result.stopped == "everything has been tried"


@pytest.mark.parametrize("pruner", ["auto", "median", "hyperband"])
def test_pruners_stop_bad_trials(pruner: Pruner, diabetes: TrainingTable) -> None:
    space = {"extra_trees": {"trees": dimension(5), "min_samples_leaf": dimension([2, 200])}}
    plan = SearcherPlan(SearchPlan(("dummy", "extra_trees"), trials=12), space, pruner=pruner)
    result = SEARCHERS.load("random")().search(diabetes, plan, [], lambda _: None)
    pruned = [trial for trial in result.trials if trial.status == "pruned"]
    assert pruned
    assert result.best is not None
    assert max(trial.fold_losses[0] for trial in pruned) > result.best.fold_losses[0] + 5
    again = SEARCHERS.load("random")().search(diabetes, plan, result.trials[:8], lambda _: None)
    assert [one.spec for one in again.trials] == [one.spec for one in result.trials]


def test_the_study_can_be_opened_by_optuna(diabetes: TrainingTable, tmp_path: Path) -> None:
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    plan = replace(plan_for("tpe"), folder=tmp_path)
    SEARCHERS.load("tpe")().search(diabetes, plan, [], lambda _: None)
    storage = JournalStorage(JournalFileBackend(str(tmp_path / "study.journal")))
    study = optuna.load_study(study_name="mlwright-tpe", storage=storage)
    assert study.best_value < 60


def test_auto_refuses_a_space(diabetes: TrainingTable) -> None:
    plan = replace(plan_for("auto"), space={"linear": {"strength": dimension(1.0)}})
    with pytest.raises(DataError, match="chooses its own values"):
        SEARCHERS.load("auto")().search(diabetes, plan, [], lambda _: None)


@pytest.mark.parametrize("method", ["grid", "tpe"])
def test_a_search_without_an_end_is_refused(method: str, diabetes: TrainingTable) -> None:
    keep: Callable[[Trial], None] = lambda _: None  # noqa: E731
    with pytest.raises(DataError, match="neither trials nor seconds"):
        SEARCHERS.load(method)().search(diabetes, SearcherPlan(SearchPlan(("linear",))), [], keep)


def test_what_mattered_is_found(diabetes: TrainingTable) -> None:
    trials = drive(proposer("random", diabetes), [], 20)
    assert list(importances(trials, "linear", 0)) == ["strength"]
    assert importances(trials[:5], "linear", 0) == {}


def test_the_report_gets_course_and_front(diabetes: TrainingTable) -> None:
    trials = drive(proposer("nsga2", diabetes), [], 12)
    sections = [SectionFact.model_validate(one) for one in search_sections(trials, "rmse", 0)]
    titles = ["Course of the search", "Which parameters mattered", "Quality against latency"]
    assert [one.title for one in sections] == titles
    best = sections[0].lines[1].y
    assert list(best) == sorted(best, reverse=True)
    assert sections[2].table is not None
    assert len(sections[2].table.rows) < 12
