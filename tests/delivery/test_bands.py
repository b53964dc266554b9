"""Bands around values, from the signature to the reply, the frame, the file and the proof."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mlwright.delivery.delivery import Delivery, prediction_names
from mlwright.delivery.evidence_files import read_test_predictions
from mlwright.delivery.manifest import check_manifest, write_manifest
from mlwright.delivery.rederive import derive
from mlwright.delivery.scoring import predict_file
from mlwright.delivery.verify import verify
from mlwright.evaluation.coverage import coverage
from mlwright.models.interval import ValueInterval
from mlwright.models.signature import Task
from mlwright.serving.openapi import _replies
from mlwright.serving.reply import Replies
from mlwright.serving.rows import Decoded, RowDecoder
from mlwright.serving.runtime import Runtime, parse_signature

BAND = ValueInterval(level=0.9, x=(-1.0, 1.0), below=(0.5, 0.25), above=(0.125, 1.0))


@pytest.fixture
def banded(sealed_regression: Path, tmp_path: Path) -> Path:
    """The small delivery with a band, sealed again."""
    root = Path(shutil.copytree(sealed_regression, tmp_path / "delivery"))
    signature = json.loads((root / "model/signature.json").read_text()) | {"interval": BAND.model_dump(mode="json")}
    (root / "model/signature.json").write_text(json.dumps(signature))
    described = parse_signature(json.dumps(signature).encode())
    stored = read_test_predictions(root, described)
    truth = derive(root, Runtime.open(root / "model")).target
    found = coverage(truth, stored.values, BAND.band(stored.values), BAND.level).model_dump(mode="json")
    scores = json.loads((root / "evaluation/scores.json").read_text())
    (root / "evaluation/scores.json").write_text(json.dumps(scores | {"interval": found}))
    reseal(root)
    return root


def reseal(root: Path) -> None:
    (root / "MANIFEST.json").unlink()
    signature = parse_signature((root / "model/signature.json").read_bytes())
    write_manifest(root, model=signature, claims=[])


def test_a_delivery_with_bands_is_accepted_with_its_service(banded: Path) -> None:
    check_manifest(banded)
    assert verify(banded).reasons == ()


@pytest.mark.parametrize("name", ["coverage", "mean_width", "score"])
def test_a_band_that_did_something_else_than_stated_is_found_out(banded: Path, name: str) -> None:
    scores = json.loads((banded / "evaluation/scores.json").read_text())
    scores["interval"][name] *= 1.01
    (banded / "evaluation/scores.json").write_text(json.dumps(scores))
    reseal(banded)
    assert f"interval {name}" in "".join(verify(banded, service=False).reasons)


def test_a_stated_band_that_the_signature_lacks_is_found_out(banded: Path) -> None:
    signature = json.loads((banded / "model/signature.json").read_text()) | {"interval": None}
    (banded / "model/signature.json").write_text(json.dumps(signature))
    reseal(banded)
    assert "differ on whether values have a band" in "".join(verify(banded, service=False).reasons)


def test_frames_and_files_have_both_ends(banded: Path, small: SimpleNamespace, tmp_path: Path) -> None:
    model = Delivery.open(banded).model
    rows = small.rows(5)
    frame = {name: [row[name] for row in rows] for name in rows[0]}
    answer = model.predict(frame)
    assert list(answer) == ["prediction", "low", "high"]
    low, high = BAND.band(np.array(answer["prediction"]))
    np.testing.assert_allclose(answer["low"], low)
    np.testing.assert_allclose(answer["high"], high)
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert predict_file(Delivery.open(banded), source, out).rows == 5
    written = [json.loads(line) for line in out.read_text().splitlines()]
    np.testing.assert_allclose([row["high"] for row in written], high)


def test_an_input_that_is_called_low_keeps_its_name(small: SimpleNamespace) -> None:
    signature = small.signature(Task.REGRESSION).model_copy(update={"interval": BAND})
    assert prediction_names(signature) == ("prediction", "low", "high")
    first = signature.inputs[0].model_copy(update={"name": "low"})
    renamed = signature.model_copy(update={"inputs": (first, *signature.inputs[1:])})
    assert prediction_names(renamed) == ("prediction", "prediction_low", "prediction_high")


def test_replies_hold_both_ends_and_the_description_says_so(banded: Path, small: SimpleNamespace) -> None:
    runtime = Runtime.open(banded / "model")
    replies = Replies(runtime.signature)
    for envelope in ("one", "rows", "columns"):
        body: object = small.rows(1)[0]
        if envelope == "rows":
            body = {"rows": small.rows(2)}
        if envelope == "columns":
            body = {"columns": {name: [row[name] for row in small.rows(2)] for name in small.rows(1)[0]}}
        decoded: Decoded = RowDecoder(runtime.signature).decode(json.dumps(body).encode())
        reply = replies.build(decoded, runtime.predict(decoded.columns), "r")
        one = reply["predictions"][0] if envelope == "rows" else reply
        value = np.array(one["values"] if envelope == "columns" else [one["value"]])
        low, high = BAND.band(value)
        np.testing.assert_allclose(np.atleast_1d(one["low"]), low)
        np.testing.assert_allclose(np.atleast_1d(one["high"]), high)
    described = _replies(runtime.signature)
    assert {"value", "low", "high"} <= set(described["Prediction"]["properties"])
    assert {"values", "low", "high"} <= set(described["PredictionColumns"]["required"])
