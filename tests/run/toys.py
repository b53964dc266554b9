"""Tools for the tests of a run; a module of its own, so that a child process can import them."""

import os
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import Infeasible


class NoParams(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CountParams(BaseModel):
    model_config = ConfigDict(extra="forbid")
    upto: int = 3
    pause: float = 0.0


class Count:
    """Counts in a child process; each number is kept as a partial result."""

    name: ClassVar[str] = "count"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "count"
    heavy: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = CountParams
    inputs: ClassVar[Mapping[str, str]] = {}
    outputs: ClassVar[Mapping[str, str]] = {"numbers": "json", "seed": "json"}

    def run(self, params: CountParams, inputs: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
        numbers = []
        for number in range(params.upto):
            key = f"{number:03d}"
            kept = context.saved(key)
            if context.deadline is not None and time.monotonic() > context.deadline and kept is None:
                break
            if kept is None:
                folder = context.workspace / key
                folder.mkdir()
                (folder / "n").write_text(str(number * number))
                time.sleep(params.pause)
                context.save(key, folder)
                context.emit("trial", {"number": number})
                kept = context.saved(key)
            numbers.append(int((kept / "n").read_text()))
        return {"numbers": numbers, "seed": context.seed}


class Total:
    """Sums in this process, into an artifact and a folder."""

    name: ClassVar[str] = "total"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "total"
    heavy: ClassVar[bool] = False
    params: ClassVar[type[BaseModel]] = NoParams
    inputs: ClassVar[Mapping[str, str]] = {"numbers": "json", "extra": "json?"}
    outputs: ClassVar[Mapping[str, str]] = {"total": "json", "folder": "directory"}

    def run(self, params: NoParams, inputs: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
        total = sum(inputs["numbers"])
        (context.workspace / "deep").mkdir()
        (context.workspace / "deep" / "total.txt").write_text(str(total))
        return {"total": total, "folder": context.workspace}


class Stubborn(Count):
    """Never looks at its deadline until it is started again with it passed."""

    name: ClassVar[str] = "stubborn"

    def run(self, params: CountParams, inputs: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
        made = Count().run(CountParams(upto=2), inputs, context)
        if time.monotonic() < context.deadline:
            time.sleep(60)
        return made


class Hungry(Total):
    name: ClassVar[str] = "hungry"
    heavy: ClassVar[bool] = True
    inputs: ClassVar[Mapping[str, str]] = {}

    def run(self, params: NoParams, inputs: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
        return {"total": len(fill(400)), "folder": context.workspace}


class Failing(Total):
    name: ClassVar[str] = "failing"
    inputs: ClassVar[Mapping[str, str]] = {}

    def run(self, params: NoParams, inputs: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
        raise Infeasible("No model fits.", hint="plan again")


def fill(megabytes: int) -> list[bytes]:
    blocks = []
    for _ in range(megabytes // 10):
        blocks.append(b"x" * 10_000_000)
        time.sleep(0.02)
    return blocks


TOOLS = {tool.name: tool() for tool in (Count, Total, Stubborn, Hungry, Failing)}


def double(number: int, send: Any) -> int:
    send(("half", number))
    return number * 2


def use_memory(megabytes: int, send: Any) -> int:
    return len(fill(megabytes))


def allocate_at_once(gigabytes: int, send: Any) -> int:
    return len(bytearray(gigabytes * 1_000_000_000))


def sleep_long(send: Any) -> None:
    send(os.getpid())
    time.sleep(60)


def sleep_stubbornly(send: Any) -> None:
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    send(os.getpid())
    time.sleep(60)


def divide(send: Any) -> float:
    return 1 / 0


def refuse(send: Any) -> None:
    raise Infeasible("It cannot work.", hint="plan again")


def vanish(send: Any) -> None:
    os._exit(7)


def fit_lightgbm(send: Any) -> int:
    import lightgbm
    import numpy as np

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(300, 4)), rng.integers(0, 2, 300)
    booster = lightgbm.train({"objective": "binary", "verbose": -1, "num_threads": 2}, lightgbm.Dataset(x, y), 5)
    return booster.num_trees()
