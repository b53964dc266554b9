"""From a file of series to a measured, exported model, step by step, and the service over it."""

import gzip
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.tools.world import context

from mlwright.base.errors import DataError, RequestError
from mlwright.data.cells import parse_cells
from mlwright.evaluation.metrics import metric
from mlwright.models.series.front import SeriesFront
from mlwright.models.series.mix import ForecastMix
from mlwright.run.types import Tool
from mlwright.serving.forecaster import Forecaster
from mlwright.serving.fronts import open_front
from mlwright.serving.runtime import Runtime
from mlwright.serving.server import started
from mlwright.serving.settings import Settings
from mlwright.tools import TOOLS

HORIZON, DAYS, SHOPS = 7, 140, ("north", "south", "west")


def rows(seed: int = 0, ahead: int = 0) -> list[dict[str, Any]]:
    """Daily sales of three shops: a week, a trend, a price that is known and counts."""
    rng = np.random.default_rng(seed)
    found: list[dict[str, Any]] = []
    for size, shop in enumerate(SHOPS, start=1):
        for day in range(DAYS + ahead):
            price = 1.0 + 0.5 * (day % 11 == 0)
            sold = size * 20 * (1 + 0.3 * np.sin(2 * np.pi * day / 7) + 0.002 * day - 0.4 * (price - 1))
            stamp = str(np.datetime64("2023-01-01") + day)
            value = round(sold + rng.normal() * size, 3) if day < DAYS else None
            kind = "sale" if price > 1 else "plain"
            found.append({"shop": shop, "day": stamp, "price": price, "kind": kind, "sold": value})
    return found


def text(listed: list[dict[str, Any]]) -> str:
    lines = [",".join("" if cell is None else str(cell) for cell in row.values()) for row in listed]
    return "\n".join([",".join(listed[0]), *lines]) + "\n"


@dataclass
class World:
    root: Path
    made: dict[str, Any]

    def do(self, tool: str, params: Mapping[str, Any], inputs: Mapping[str, str]) -> Mapping[str, Any]:
        found: Tool = TOOLS.find(tool)()
        workspace = self.root / f"workspace of {tool}"
        workspace.mkdir()
        place = replace(context(self.root, tool), workspace=workspace)
        return found.run(found.params(**params), {name: self.made[value] for name, value in inputs.items()}, place)


HISTORY = {"understanding": "understanding", "series": "series", "training": "training"}
FORECAST = {"horizon": HORIZON, "known": ("price", "kind"), "windows": 2}


def read(root: Path, listed: list[dict[str, Any]], forecast: Mapping[str, Any], target: str = "sold") -> World:
    (root / "sales.csv").write_text(text(listed))
    world = World(root, {})
    params = {"source": [str(root / "sales.csv")], "target": target, "forecast": dict(forecast)}
    world.made |= world.do("read_series", params, {})
    return world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = read(tmp_path_factory.mktemp("series"), rows(), FORECAST)
    made.made |= made.do("split_series", {}, {"panel": "panel", "series": "series"})
    families = ["naive", "seasonal_naive", "theta", "boosted_trees"]
    made.made |= made.do("train_series", {"families": families}, HISTORY)
    made.made |= made.do("select_series", {}, {**HISTORY, "search": "search", "backtest": "backtest"})
    exported = made.do("export_series", {}, {**HISTORY, "model": "model", "front": "front"})
    made.made |= {f"export.{name}": value for name, value in exported.items()}
    judged = {"understanding": "understanding", "series": "series", "test": "test", "split": "split"}
    wanted = {"requirements": {"mase": {"op": "<=", "value": 1.0}}}
    found = made.do("evaluate_series", wanted, {**judged, "model": "model", "front": "front"})
    made.made |= {name: value for name, value in found.items() if name != "test"}
    return made


def test_what_was_left_open_is_assumed_and_said(world: World) -> None:
    assumed = {one["field"]: one["value"] for one in world.made["understanding"]["assumptions"]}
    assert assumed["data.columns.day"] == "time"
    assert assumed["data.columns.shop"] == "group"
    assert assumed["season"] == "7"
    assert assumed["forecast.frequency"] == "day"
    assert world.made["understanding"]["metric"] == "mase"


def test_the_end_of_every_series_is_sealed_and_in_no_artifact_before_the_evaluation(world: World) -> None:
    training, test = world.made["training"], world.made["test"]
    steps = 2 * HORIZON
    measured = training.filter(training["measured"])
    assert measured.height == len(SHOPS) * (DAYS - steps)
    assert training.filter(~training["measured"])["value"].is_nan().all()
    for shop in SHOPS:
        assert test.filter(test["series"] == shop)["value"][-steps:].is_nan().all()
    assert world.made["split"]["test_rows"] == len(SHOPS) * steps


def test_the_baselines_are_among_the_candidates_and_the_choice_beats_them(world: World) -> None:
    trials = {one["family"]: one for one in world.made["search"]["trials"]}
    assert trials["seasonal_naive"]["baseline"]
    assert all(one["status"] == "complete" for one in trials.values())
    selection = world.made["selection"]
    assert selection["selection_score"]["value"] < 0.8 * trials["seasonal_naive"]["score"]
    assert sum(one["weight"] for one in selection["members"]) == pytest.approx(1.0)


def test_the_test_is_measured_and_judged(world: World) -> None:
    evaluation = world.made["evaluation"]
    assert evaluation["rows"] == len(SHOPS) * 2 * HORIZON
    assert evaluation["metrics"]["mase"]["value"] < 0.9
    assert 0.7 <= evaluation["intervals"]["coverage"] <= 1.0
    assert world.made["judgement"]["requirements"][0]["met"] is True
    titles = [one["title"] for one in evaluation["sections"]]
    assert "Against simple forecasts" in titles
    assert "History and forecast of north" in titles


def test_the_graph_says_what_the_model_says(world: World) -> None:
    assert world.made["export.parity"]["passed"]
    assert world.made["export.parity"]["max_abs_difference"] < 1e-5


def test_the_delivered_rows_give_the_stated_score_again(world: World) -> None:
    runtime = runtime_of(world)
    lines = [json.loads(line) for line in gzip.decompress(world.made["rows"]).splitlines()]
    columns = {c.name: parse_cells(c, [row[c.name] for row in lines]) for c in runtime.signature.inputs}
    values = runtime.predict(columns).values
    truth = np.array([row["sold"] for row in lines])
    assert values is not None
    again = metric("mase").compute(truth, values, scale=columns["scale"])
    assert again == pytest.approx(world.made["evaluation"]["metrics"]["mase"]["value"], rel=1e-5)


def runtime_of(world: World) -> Runtime:
    return Runtime.from_bytes(json.dumps(world.made["export.signature"]).encode(), world.made["export.onnx"])


def forecaster(world: World) -> Forecaster:
    found = open_front(json.dumps(world.made["front"]).encode(), runtime_of(world))
    assert isinstance(found, Forecaster)
    return found


def test_the_model_is_read_back_as_it_was_written(world: World) -> None:
    model = ForecastMix.load(world.made["model"])
    front = SeriesFront.model_validate(world.made["front"])
    assert model.signature.inputs == runtime_of(world).signature.inputs
    assert tuple(column.name for column in model.signature.inputs) == front.inputs


class TestForecaster:
    def test_a_history_is_continued_from_its_end(self, world: World) -> None:
        found = forecaster(world).answer({"rows": rows(ahead=HORIZON)})
        first = found["forecasts"][0]
        assert len(found["forecasts"]) == len(SHOPS) * HORIZON
        assert (first["shop"], first["day"], first["step"]) == ("north", "2023-05-21", 1)
        assert all(one["low"] < one["forecast"] < one["high"] for one in found["forecasts"])

    def test_a_price_that_is_known_ahead_counts(self, world: World) -> None:
        usual, dear = rows(ahead=HORIZON), rows(ahead=HORIZON)
        for row in dear:
            row["price"] = 1.5 if row["sold"] is None else row["price"]
        model = forecaster(world)
        changed = [
            b["forecast"] - a["forecast"]
            for a, b in zip(model.answer(usual)["forecasts"], model.answer(dear)["forecasts"], strict=True)
        ]
        weights = {one["family"].split()[0] for one in world.made["selection"]["members"]}
        assert (max(map(abs, changed)) > 0) is ("boosted_trees" in weights)

    def test_a_series_that_training_never_saw_is_continued_like_the_others(self, world: World) -> None:
        known = rows(ahead=HORIZON)[: DAYS + HORIZON]
        new = [{**row, "shop": "new"} for row in known]
        model = forecaster(world)
        a, b = (model.answer(listed)["forecasts"] for listed in (known, new))
        assert [one["forecast"] for one in b] == pytest.approx([one["forecast"] for one in a], rel=0.2)

    def test_rows_in_any_order_and_columns_in_place_of_rows_say_the_same(self, world: World) -> None:
        listed = rows(ahead=HORIZON)
        model = forecaster(world)
        columns = {name: [row[name] for row in reversed(listed)] for name in listed[0]}
        assert model.answer({"columns": columns}) == model.answer({"rows": listed})

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda listed: {"rows": listed[:DAYS]}, "'price' is known for 0 of the 7 steps"),
            (lambda listed: {"rows": [{**row, "sold": None} for row in listed]}, "Every value of the target"),
            (lambda listed: {"rows": []}, "lacks the column"),
            (lambda listed: {"rows": listed, "horizon": 8}, "up to 7 steps"),
            (lambda listed: {"rows": [{**row, "day": "soon"} for row in listed]}, "is not a date"),
            (lambda listed: {"row": listed}, "'row' is not a field"),
            (lambda listed: "history", "The body is no object"),
        ],
    )
    def test_what_cannot_be_continued_is_refused_in_words(self, world: World, change: Any, said: str) -> None:
        with pytest.raises(RequestError, match=said) as refused:
            forecaster(world).answer(change(rows(ahead=HORIZON)))
        assert refused.value.hint


def test_the_service_answers_on_its_own_route(world: World, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.onnx").write_bytes(world.made["export.onnx"])
    (tmp_path / "model" / "signature.json").write_text(json.dumps(world.made["export.signature"]))
    (tmp_path / "model" / "front.json").write_text(json.dumps(world.made["front"]))
    with started(tmp_path, Settings(require_manifest=False)) as running:
        good = ask(running, "/forecast", {"rows": rows(ahead=HORIZON), "horizon": 2})
        bad = ask(running, "/forecast", {"rows": rows()[:5]})
        described = ask(running, "/openapi.json", None)
    assert good[0] == 200
    assert len(good[1]["forecasts"]) == 2 * len(SHOPS)
    assert good[1]["model"]["version"] == world.made["export.signature"]["version"]
    assert bad[0] == 422
    assert "/forecast" in described[1]["paths"]


def ask(running: Any, path: str, body: Any) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(running.host, running.port, timeout=60)
    sent = None if body is None else json.dumps(body)
    connection.request("GET" if body is None else "POST", path, sent, {"Content-Type": "application/json"})
    response = connection.getresponse()
    found = json.loads(response.read())
    connection.close()
    return response.status, found


class TestBadInput:
    def test_a_horizon_longer_than_the_history(self, tmp_path: Path) -> None:
        world = read(tmp_path, rows(), {"horizon": 100})
        with pytest.raises(DataError, match="The horizon is 100 steps, and the longest history has 140"):
            world.do("split_series", {}, {"panel": "panel", "series": "series"})

    def test_more_windows_than_the_history_bears(self, tmp_path: Path) -> None:
        world = read(tmp_path, rows(), {"horizon": 30, "windows": 4})
        with pytest.raises(DataError, match="4 windows of 30 steps leave nothing of 140"):
            world.do("split_series", {}, {"panel": "panel", "series": "series"})

    def test_no_column_of_times(self, tmp_path: Path) -> None:
        listed = [{"shop": row["shop"], "sold": row["sold"]} for row in rows()]
        with pytest.raises(DataError, match=r"No column of .* holds dates"):
            read(tmp_path, listed, {})

    def test_a_target_of_text(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="numbers were expected"):
            read(tmp_path, rows(), {}, target="shop")

    def test_constant_and_one_row_series_go_through(self, tmp_path: Path) -> None:
        listed = [row for row in rows() if row["shop"] != "west"]
        listed += [{**row, "shop": "flat", "sold": 5.0} for row in listed[:DAYS]]
        listed.append({"shop": "single", "day": "2023-05-01", "price": 1.0, "kind": "plain", "sold": 3.0})
        world = read(tmp_path, listed, {"horizon": HORIZON})
        world.made |= world.do("split_series", {}, {"panel": "panel", "series": "series"})
        world.made |= world.do("train_series", {"families": ["naive", "theta", "direct_linear"]}, HISTORY)
        world.made |= world.do("select_series", {}, {**HISTORY, "search": "search", "backtest": "backtest"})
        checks = [one["check"] for one in world.made["series"]["findings"]]
        assert {"constant series", "short series"} <= set(checks)
        assert world.made["selection"]["selection_score"]["value"] >= 0

    def test_months_without_a_day_are_times(self, tmp_path: Path) -> None:
        listed = [{"month": f"{1990 + at // 12}-{at % 12 + 1:02d}", "sold": float(at % 12)} for at in range(60)]
        facts = read(tmp_path, listed, {}).made["series"]
        assert facts["grid"]["unit"] == "month"
        assert (facts["seasons"], facts["horizon"]) == ([12], 12)
