"""The registered model: versions, and the aliases champion and challenger.

A new version becomes challenger; it becomes champion when there is none, or when it is better on the same basis. Which
version was champion before is kept as a tag of the version, so that a roll back is one step, and another a second one.
"""

from dataclasses import dataclass
from typing import Any

from mlwright.base.errors import InputError
from mlwright.tracking.facts import ScoreFacts
from mlwright.tracking.quiet import mlflow, quiet

CHAMPION = "champion"
CHALLENGER = "challenger"
_SCORE = "mlwright.score"
_BEFORE = "mlwright.champion_before"


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is what after a change; version numbers as MLflow counts them, None for nobody."""

    champion: int | None
    challenger: int | None
    why: str = ""


def register(client: Any, name: str, source: str, run_id: str, score: ScoreFacts | None) -> tuple[int, Standing]:
    """Add a version and decide whether it becomes champion."""
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(name)
    except MlflowException:
        client.create_registered_model(name)
    tags = {} if score is None else {_SCORE: score.model_dump_json()}
    number = int(client.create_model_version(name, source, run_id=run_id, tags=tags, await_creation_for=30).version)
    champion = _holder(client, name, CHAMPION)
    better, why = _judge(client, name, champion, score)
    if better:
        _crown(client, name, number, champion)
        return number, Standing(number, _holder(client, name, CHALLENGER), why)
    client.set_registered_model_alias(name, CHALLENGER, str(number))
    return number, Standing(champion, number, why)


def promote(uri: str, name: str, version: int | None = None) -> Standing:
    """Make a version champion; without a number, the challenger.

    Raises:
        InputError: There is no such model, no such version, or no challenger.
    """
    with quiet():
        client = client_of(uri)
        _known(client, name)
        chosen = _holder(client, name, CHALLENGER) if version is None else version
        if chosen is None:
            raise InputError(f"The model '{name}' has no challenger.", hint="Give the version to promote.")
        _version(client, name, chosen)
        before = _holder(client, name, CHAMPION)
        if before != chosen:
            _crown(client, name, chosen, before)
        return Standing(chosen, _holder(client, name, CHALLENGER), "promoted by hand")


def roll_back(uri: str, name: str) -> Standing:
    """Make the champion before this one champion again; the one that leaves becomes challenger.

    Raises:
        InputError: There is no champion, or none before it.
    """
    with quiet():
        client = client_of(uri)
        _known(client, name)
        champion = _holder(client, name, CHAMPION)
        if champion is None:
            raise InputError(f"The model '{name}' has no champion.", hint="Promote a version first.")
        before = _version(client, name, champion).tags.get(_BEFORE)
        if not before:
            raise InputError(
                f"Version {champion} of '{name}' is its first champion; there is none to go back to.",
                hint="Promote another version by its number.",
            )
        client.set_registered_model_alias(name, CHAMPION, before)
        client.set_registered_model_alias(name, CHALLENGER, str(champion))
        return Standing(int(before), champion, f"rolled back from version {champion}")


def client_of(uri: str) -> Any:
    """Return a client that keeps to `uri` and leaves MLflow's global settings alone."""
    return mlflow().MlflowClient(tracking_uri=uri, registry_uri=uri)


def _judge(client: Any, name: str, champion: int | None, score: ScoreFacts | None) -> tuple[bool, str]:
    if champion is None:
        return True, "the first version"
    saved = _version(client, name, champion).tags.get(_SCORE)
    if score is None or saved is None:
        return False, "no score to compare"
    better = score.better_than(ScoreFacts.model_validate_json(saved))
    if better is None:
        return False, "measured on another basis than the champion; promote it by hand if it is better"
    return better, "better than the champion on the same basis" if better else "not better than the champion"


def _crown(client: Any, name: str, number: int, before: int | None) -> None:
    if before is not None:
        client.set_model_version_tag(name, str(number), _BEFORE, str(before))
    client.set_registered_model_alias(name, CHAMPION, str(number))
    if _holder(client, name, CHALLENGER) == number:
        client.delete_registered_model_alias(name, CHALLENGER)


def _holder(client: Any, name: str, alias: str) -> int | None:
    number = client.get_registered_model(name).aliases.get(alias)
    return None if number is None else int(number)


def _known(client: Any, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(name)
    except MlflowException as error:
        names = [model.name for model in client.search_registered_models(max_results=100)]
        raise InputError(
            f"There is no registered model '{name}'.", hint=f"Registered are: {', '.join(names) or 'none'}."
        ) from error


def _version(client: Any, name: str, number: int) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version(name, str(number))
    except MlflowException as error:
        raise InputError(
            f"The model '{name}' has no version {number}.", hint="Look at the versions in the MLflow user interface."
        ) from error
