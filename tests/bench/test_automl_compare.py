from pathlib import Path

import pytest
from bench.automl.compare import average_ranks, comparisons
from bench.automl.render import automl_section, markdown
from bench.automl.results import Result, append, load, write
from bench.document import Section, document, placed, sections_of
from bench.workspace import BenchError

SYSTEMS = ("mlwright", "autogluon", "flaml", "lightgbm")


def _result(
    system: str,
    table: str,
    score: float | None,
    *,
    metric: str = "rmse",
    seed: int = 0,
    draws: tuple[float | None, ...] = (),
) -> Result:
    return Result(
        system=system,
        version="1.0",
        table=table,
        metric=metric,
        rows=75,
        columns=3,
        budget_seconds=None if system == "lightgbm" else 60.0,
        seed=seed,
        status="fit" if score is None else "done",
        reason="no model" if score is None else "",
        fit_seconds=None if score is None else 66.0,
        score=score,
        predict_1000_seconds=0.004,
        predict_1_seconds=0.003,
        peak_mb=500.0,
        others_cores=0.0,
        draws=draws,
    )


def test_a_gap_is_relative_to_the_best_and_absolute_for_areas() -> None:
    errors = [_result("mlwright", "a", 10.0), _result("flaml", "a", 11.0)]
    areas = [_result("mlwright", "b", 0.9, metric="roc_auc"), _result("flaml", "b", 0.95, metric="roc_auc")]
    first, second = comparisons([*errors, *areas], SYSTEMS)
    assert (first.best, second.best) == ("mlwright", "flaml")
    assert first.cells["flaml"].gap == pytest.approx(0.1)
    assert second.cells["mlwright"].gap == pytest.approx(0.05)


def test_equal_scores_share_their_rank_failures_come_last_and_the_floor_has_none() -> None:
    results = [
        _result("mlwright", "a", 1.0),
        _result("autogluon", "a", 1.0),
        _result("flaml", "a", None),
        _result("lightgbm", "a", 0.5),
    ]
    (found,) = comparisons(results, SYSTEMS)
    assert found.ranks == {"mlwright": 1.5, "autogluon": 1.5, "flaml": 3.0}
    assert found.best == "lightgbm"
    assert found.cells["flaml"].failures == ("seed 0: no model",)


def test_seeds_are_averaged_and_only_those_that_all_have_run_count() -> None:
    mine = [_result("mlwright", "a", score, seed=seed) for seed, score in enumerate((1.0, 3.0, 50.0))]
    theirs = [_result("flaml", "a", score, seed=seed) for seed, score in enumerate((2.0, 4.0))]
    (found,) = comparisons([*mine, *theirs], SYSTEMS)
    assert found.seeds == (0, 1)
    assert found.cells["mlwright"].score == 2.0
    assert found.cells["flaml"].score == 3.0


def test_a_failure_on_one_seed_is_a_failure_on_the_table() -> None:
    results = [_result("mlwright", "a", 1.0), _result("mlwright", "a", None, seed=1)]
    results += [_result("flaml", "a", 9.0), _result("flaml", "a", 9.0, seed=1)]
    (found,) = comparisons(results, SYSTEMS)
    assert found.best == "flaml"
    assert found.cells["mlwright"].score is None


def test_a_lead_is_a_tie_when_resampled_rows_give_the_other_sign_too() -> None:
    best = _result("mlwright", "a", 1.0, draws=(1.0, 1.1, 0.9, 1.0))
    close = _result("autogluon", "a", 1.01, draws=(1.01, 1.09, 0.92, 0.99))
    far = _result("flaml", "a", 1.2, draws=(1.2, 1.3, None, 1.2))
    unknown = _result("lightgbm", "a", 1.01)
    (found,) = comparisons([best, close, far, unknown], SYSTEMS)
    assert {name: cell.is_tie for name, cell in found.cells.items()} == {
        "mlwright": False,
        "autogluon": True,
        "flaml": False,
        "lightgbm": False,
    }


def test_average_ranks_are_over_the_tables_that_all_have_run() -> None:
    results = [_result("mlwright", name, 2.0) for name in "abc"]
    results += [_result("flaml", name, score) for name, score in (("a", 1.0), ("b", 3.0))]
    assert average_ranks(comparisons(results, SYSTEMS)) == {"flaml": 1.5, "mlwright": 1.5}


def test_results_come_back_from_their_file_and_the_last_of_a_key_holds(tmp_path: Path) -> None:
    path = tmp_path / "some" / "results.jsonl"
    first, second = _result("mlwright", "a", 1.0, draws=(1.0, None)), _result("mlwright", "a", 2.0)
    append(path, first, None)
    assert load([path]) == [first]
    append(path, second, None)
    assert load([path]) == [second]
    write(path, [second, _result("lightgbm", "a", None)])
    assert [one.system for one in load([path])] == ["lightgbm", "mlwright"]


def test_a_line_that_is_no_result_is_named(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text('{"machine": "x"}\n')
    with pytest.raises(BenchError, match="line 1"):
        load([path])


def test_the_markdown_says_who_wins_what_is_a_tie_and_what_failed() -> None:
    results = [
        _result("mlwright", "a", 10.0, draws=(10.0, 10.2)),
        _result("autogluon", "a", 10.05, draws=(10.1, 10.1)),
        _result("flaml", "a", 12.0, draws=(12.0, 12.1)),
        _result("lightgbm", "a", 11.0, draws=(11.0, 11.1)),
        _result("mlwright", "b", 0.9, metric="roc_auc"),
        _result("autogluon", "b", 0.95, metric="roc_auc"),
        _result("flaml", "b", None, metric="roc_auc"),
    ]
    lines = markdown(results).splitlines()
    assert "| `a` | RMSE | 1 | **10** | 10.05 (≈ 0.5%) | 12 (20.0%) | 11 (10.0%) |" in lines
    assert "| `b` | ROC-AUC | 1 | 0.9000 (5.0%) | **0.9500** | failed | – |" in lines
    assert "| mlwright | 1.50 | 1 | 1 | 5.0% | 0 | 2 |" in lines
    assert "| flaml | 3.00 | 0 | 0 | 20.0% | 1 | 2 |" in lines
    assert "| mlwright | 66 | 10% | 4 | 3 | 500 |" in lines
    assert "- flaml failed on `b`, seed 0: no model" in lines


def test_only_the_systems_asked_for_are_compared() -> None:
    results = [_result(system, "a", score) for system, score in (("mlwright", 2.0), ("flaml", 1.0))]
    text = markdown(results, ["mlwright"])
    assert "**2**" in text
    assert "flaml" not in text


def test_the_section_takes_its_place_in_the_document_and_leaves_the_others() -> None:
    machine = {"processor": "A"}
    start = Section("startup", "## Start\n")
    section = automl_section([_result("mlwright", "a", 1.0)])
    text = placed(document(machine, [start]), section)
    assert text == document(machine, [start, section])
    newer = automl_section([_result("mlwright", "a", 2.0)])
    assert sections_of(placed(text, newer), machine, ["startup", "automl"]) == {"startup": start, "automl": newer}
