"""What a delivery has before its graph: turns a request of another shape (a history, a user) into rows, and back.

`model/front.json` names its kind. To add one: a class like those here (`Front`) and one line in `FRONTS`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol, Self

from mlwright.base.errors import VerifyError
from mlwright.base.registry import Registry
from mlwright.base.traits import Traits
from mlwright.serving.runtime import Runtime

FRONTS = Registry(
    "front",
    group="mlwright.fronts",
    builtin={
        "forecast": "mlwright.serving.forecaster:Forecaster",
        "recommendation": "mlwright.serving.recommending:Recommending",
    },
)


Files = Callable[[str], bytes]


class Front(Protocol):
    """One kind of front, over one model.

    Attributes:
        route: The path of the service on which it answers, such as "/forecast".
    """

    traits: ClassVar[Traits]
    route: ClassVar[str]

    @classmethod
    def of(cls, content: Mapping[str, Any], runtime: Runtime, files: Files) -> Self:
        """Return the front of a `front.json`; `files` reads another file of the folder `model`."""
        ...

    def answer(self, asked: object) -> dict[str, Any]:
        """Return the reply to a JSON body.

        Raises:
            RequestError: The body is not what it takes.
        """
        ...

    def describe(self) -> dict[str, Any]:
        """Return the OpenAPI operation of the route."""
        ...


def _no_files(name: str) -> bytes:
    raise VerifyError(f"The front needs the file '{name}', which was not given.", hint="open the whole delivery.")


def open_front(content: bytes, runtime: Runtime, files: Files = _no_files) -> Front:
    """Return the front of a `front.json`; `files` reads another file of the folder `model`.

    Raises:
        VerifyError: It is none, or of a kind that this version does not know.
    """
    try:
        parsed: Any = json.loads(content)
        kind = parsed["kind"]
    except (ValueError, KeyError, TypeError) as error:
        raise VerifyError(f"front.json cannot be read: {error}.", hint="copy the delivery again.") from error
    if kind not in FRONTS:
        raise VerifyError(
            f"front.json is of the kind '{kind}'; known are {', '.join(FRONTS)}.",
            hint="use the version of mlwright that wrote it.",
        )
    return FRONTS.find(kind).of(parsed, runtime, files)
