"""One model, answering: the only place where a body becomes a reply, whatever protocol carried it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic_core import from_json, to_json

from mlwright.base.errors import MlwrightError
from mlwright.serving.digests import CheckedFiles
from mlwright.serving.example import Example, example_from_signature, parse_example
from mlwright.serving.fronts import Front, open_front
from mlwright.serving.gauges import Gauges
from mlwright.serving.reply import Replies
from mlwright.serving.rows import Decoded, RowDecoder
from mlwright.serving.runtime import Prediction, Runtime
from mlwright.serving.settings import Settings


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply's bytes and what is counted of it."""

    body: bytes
    decoded: Decoded
    prediction: Prediction


class Service:
    """A model with its decoder, replies and counters. `answer` may run in any thread; counting stays on the loop."""

    def __init__(
        self, runtime: Runtime, settings: Settings, example: Example | None, scores: Any, front: Front | None = None
    ) -> None:
        signature = runtime.signature
        self.runtime = runtime
        self.settings = settings
        self.signature = signature
        self.example = example
        self.example_row = example.row if example else example_from_signature(signature)
        self.scores = scores
        self.front = front
        self.decoder = RowDecoder(signature, max_rows=settings.max_rows, max_warnings=settings.max_warnings)
        self.replies = Replies(signature)
        self.gauges = Gauges(signature)
        self.draining = False

    @classmethod
    def open(cls, delivery_dir: Path, settings: Settings) -> Self:
        """Read the files of a delivery that a service needs.

        Raises:
            VerifyError: One is absent or not what MANIFEST.json says.
        """
        files = CheckedFiles(delivery_dir, required=settings.require_manifest)
        runtime = Runtime.from_bytes(files.read("model/signature.json"), files.read("model/model.onnx"))
        stored = files.read_if_there("service/example.json")
        scores = files.read_if_there("evaluation/scores.json")
        front = files.read_if_there("model/front.json")
        return cls(
            runtime,
            settings,
            parse_example(stored) if stored else None,
            from_json(scores) if scores else None,
            open_front(front, runtime, lambda name: files.read(f"model/{name}")) if front else None,
        )

    def answer(self, body: bytes, request_id: str) -> Answer:
        """Answer one JSON body.

        Raises:
            Refusal: The body is not what the model takes.
        """
        decoded = self.decoder.decode(body)
        prediction = self.runtime.predict(decoded.columns)
        reply = self.replies.build(decoded, prediction, request_id)
        return Answer(to_json(reply, inf_nan_mode="null"), decoded, prediction)

    def not_ready(self) -> str:
        """Return why the service should get no requests, "" when it should."""
        if self.draining:
            return "the service is stopping"
        if self.example is None:
            return ""
        try:
            decoded = self.decoder.decode_value(dict(self.example.row))
            difference = self.example.differs(self.runtime.predict(decoded.columns))
        except MlwrightError as error:
            return f"the example row is refused: {error.message}"
        return f"the example row is answered with {difference}" if difference else ""
