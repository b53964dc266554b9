"""Lists of items for users: the front of a recommender behind `POST /recommend`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self, cast

from mlwright.base.errors import DataError, RequestError, VerifyError
from mlwright.base.suggest import did_you_mean
from mlwright.base.traits import Traits
from mlwright.models.recommend.front import ARRAYS, MOST_ITEMS, RecommendFront, as_json
from mlwright.serving.runtime import Runtime

_FIELDS = ("user", "k", "liked", "exclude_seen")
_MOST_LIKED = 10_000


class Recommending:
    """A delivered recommender. Several threads may call it at once."""

    traits: ClassVar[Traits] = Traits(summary="A user in, a list of items out")
    route: ClassVar[str] = "/recommend"

    def __init__(self, front: RecommendFront) -> None:
        self.front = front

    @classmethod
    def of(cls, content: Mapping[str, Any], runtime: Runtime, files: Callable[[str], bytes]) -> Self:
        """Return the recommender of a `front.json`.

        Raises:
            VerifyError: It does not fit this version, or its arrays are not there.
        """
        from pydantic_core import to_json

        del runtime  # the lists come from the same vectors as the graph's values, a thousand at a time
        try:
            return cls(RecommendFront.of_files(to_json(dict(content)), files(ARRAYS)))
        except (DataError, OSError) as error:
            raise VerifyError(f"The recommender cannot be read: {error}.", hint="copy the delivery again.") from error

    def answer(self, asked: object) -> dict[str, Any]:
        """Return the list for `{"user": ..., "k": 10, "exclude_seen": true, "liked": [...]}`, each field optional.

        Raises:
            RequestError: A field is unknown or of a wrong type.
        """
        if not isinstance(asked, Mapping):
            raise RequestError("The body is no object.", hint='send {"user": "...", "k": 10}.')
        body = cast("Mapping[str, object]", asked)
        for name in body:
            if name not in _FIELDS:
                raise RequestError(f"'{name}' is not a field of a request.", hint=did_you_mean(name, _FIELDS))
        liked = _listed(body.get("liked"))
        try:
            found = self.front.recommend(
                _name_of(body.get("user")),
                k=_whole(body.get("k")),
                liked=liked,
                exclude_met=_truth(body.get("exclude_seen")),
            )
        except DataError as error:
            raise RequestError(error.message, hint=error.hint) from error
        reply: dict[str, Any] = {"user": body.get("user"), **as_json(found)}
        if unknown := self.front.unknown_items(liked):
            reply["unknown_items"] = unknown[:20]
        return reply

    def describe(self) -> dict[str, Any]:
        """Return the OpenAPI operation of `POST /recommend`."""
        name = {"type": ["string", "number", "null"]}
        fields = {
            "user": {**name, "description": f"As in the column '{self.front.file.user}'."},
            "k": {"type": "integer", "minimum": 1, "maximum": MOST_ITEMS, "default": self.front.file.k},
            "exclude_seen": {"type": "boolean", "default": True, "description": "Leave out what the user has met."},
            "liked": {"type": "array", "items": name, "description": "What a user likes whom training never saw."},
        }
        schema = {"type": "object", "properties": fields}
        return {
            "post": {
                "summary": f"Recommend items ({self.front.file.item}) to a user",
                "description": "'because' says what the list is made from: known user, liked items or popularity.",
                "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
                "responses": {
                    "200": {"description": "Items, best first, with their scores"},
                    "422": {"description": "A field is unknown or of a wrong type"},
                },
            }
        }


def _name_of(value: object) -> object:
    if value is None or isinstance(value, str | int | float):
        return value
    raise RequestError(f"The user is {type(value).__name__}.", hint="give a name or a number, as in the data.")


def _whole(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise RequestError(f"k is {value!r}.", hint="give a whole number, or leave it out.")
    return value


def _truth(value: object) -> bool:
    if value is None:
        return True
    if not isinstance(value, bool):
        raise RequestError(f"exclude_seen is {value!r}.", hint="give true or false, or leave it out.")
    return value


def _listed(value: object) -> Sequence[object]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > _MOST_LIKED:  # pyright: ignore[reportUnknownArgumentType]
        raise RequestError("'liked' is no list of items.", hint=f"give up to {_MOST_LIKED:,} items as in the data.")
    found = cast("list[object]", value)
    for one in found:
        _name_of(one)
    return found
