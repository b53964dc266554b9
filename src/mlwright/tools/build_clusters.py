"""Fit the chosen clustering to all training rows, name its clusters, and say why these."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.find_clusters import PreparedRows, prepared_rows
from mlwright.tools.native_model import preparation_words, save_versioned
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.evaluation.cluster_profile import ClusterProfile
    from mlwright.models.cluster.protocol import ClusterEstimator
    from mlwright.models.tabular.ensemble import TabularModel

_SHOWN_TRAITS = 5
_CURVE_FAMILY = "kmeans"


class BuildClustersParams(BaseModel, extra="forbid"):
    """Where random starts come from."""

    seed: int = 0


class BuildClusters:
    """The chosen candidate to a model with named clusters."""

    traits: ClassVar[Traits] = Traits(
        summary="Fit the chosen clusters to all training rows and name them", extra="train"
    )
    name: ClassVar[str] = "build_clusters"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    final: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = BuildClustersParams
    inputs: ClassVar[Mapping[str, str]] = {
        "understanding": "json",
        "schema": "json",
        "training": "parquet",
        "search": "json",
    }
    outputs: ClassVar[Mapping[str, str]] = {"model": "directory", "selection": "json"}

    def run(self, params: BuildClustersParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Fit, profile, name, save."""
        from mlwright.evaluation.cluster_profile import profile_clusters
        from mlwright.models.protocol import FitControl
        from mlwright.models.unsupervised import UNSUPERVISED

        search = inputs["search"]
        chosen = search["trials"][search["chosen"]]
        rows = prepared_rows(inputs, params.seed)
        control = FitControl(seed=params.seed, threads=context.threads, deadline=None)
        estimator = UNSUPERVISED.load(chosen["family"])().fit(rows.X, chosen["params"], control)
        labels = estimator.predict(rows.X).argmax(axis=1)
        noise = estimator.noise
        profiles = profile_clusters(rows.columns, rows.inputs, labels, rows.X, noise)
        names = [one.name for one in profiles]
        model = _model(Understanding.model_validate(inputs["understanding"]), rows, (chosen, estimator), names)
        folder = context.workspace / "model"
        folder.mkdir()
        version = save_versioned(model, folder)
        facts = _facts(search, chosen, model, version)
        facts["profiles"] = [_profile(one) for one in profiles]
        facts["sections"] = _sections(search, profiles, rows, labels)
        return {"model": folder, "selection": facts}


def _model(
    known: Understanding,
    rows: PreparedRows,
    fitted: "tuple[Mapping[str, Any], ClusterEstimator]",
    names: Sequence[str],
) -> "TabularModel":
    from mlwright.models.signature import Signature
    from mlwright.models.tabular.ensemble import Member, TabularModel

    trial, estimator = fitted
    target = "cluster" if "cluster" not in known.table.names else "cluster found"
    signature = Signature(
        name="clusters", version="", task=known.task, target=target, inputs=rows.inputs, classes=tuple(names)
    )
    member = Member(trial["family"], dict(trial["params"]), (rows.preparation,), (estimator,))
    return TabularModel(signature, (member,), (1.0,))


def _facts(search: Mapping[str, Any], chosen: Mapping[str, Any], model: "TabularModel", version: str) -> dict[str, Any]:
    """Return what the report shows of the choice, in the shape that every kind's selection has."""
    known = [one for one in search["trials"] if one["score"] is not None and one["status"] != "failed"]
    best = search["trials"][search["best"]]
    member = model.members[0]
    return {
        "chosen": _called(chosen),
        "best": _called(best),
        "candidates": [_candidate(one) for one in sorted(known, key=lambda one: -one["score"])],
        "front": [],
        "decisions": [{"candidate": _called(chosen), "reason": search["reason"]}],
        "noise": {"floor": search["noise"], "seed_losses": [0.0], "fold_losses": [0.0]},
        "members": [
            {
                "family": member.family,
                "params": dict(member.params),
                "weight": 1.0,
                "estimators": 1,
                "rounds": [member.estimators[0].rounds],
                "features": member.preparations[0].width,
            }
        ],
        "preparation": preparation_words(model),
        "calibration": None,
        "threshold": None,
        "search_score": _score(best),
        "selection_score": _score(chosen),
        "columns": [column.name for column in model.signature.inputs],
        "version": version,
        "structure": search["structure"],
        "reason": search["reason"],
    }


def _called(trial: Mapping[str, Any]) -> str:
    return f"{trial['family']} #{trial['number']}"


def _candidate(trial: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": _called(trial),
        "kind": "trial",
        "numbers": [trial["number"]],
        "weights": [1.0],
        "complexity": trial["complexity"],
        "score": _score(trial),
        "latency_ms": None,
        "size_bytes": None,
    }


def _score(trial: Mapping[str, Any]) -> dict[str, Any] | None:
    if trial["score"] is None:
        return None
    return {"value": trial["score"], "low": trial["low"], "high": trial["high"], "rows": 0}


def _profile(one: "ClusterProfile") -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(one)


def _sections(
    search: Mapping[str, Any], profiles: "Sequence[ClusterProfile]", rows: PreparedRows, labels: Any
) -> list[dict[str, Any]]:
    return [
        _why_these(search),
        _profile_section(profiles),
        _typical_section(profiles, rows),
        _plane(profiles, rows, labels),
    ]


def _why_these(search: Mapping[str, Any]) -> dict[str, Any]:
    """Return the curve over the number of clusters, beside what rows without clusters give."""
    points = [one for one in search["trials"] if one["family"] == _CURVE_FAMILY and one["silhouette"] is not None]
    x = [float(one["clusters"]) for one in points]
    lines = [
        {"name": name, "x": x, "y": [one[key] for one in points]}
        for name, key in (("silhouette", "silhouette"), ("without clusters", "reference"), ("stability", "stability"))
    ]
    header = ["candidate", "clusters", "silhouette", "without clusters", "agreement of halves", "weakest cluster"]
    judged = [one for one in search["trials"] if one["stability"] is not None]
    cells = [
        [
            _called(one),
            str(one["clusters"]),
            _number(one["silhouette"]),
            _number(one["reference"]),
            _number(one["stability"]),
            _number(min(one["jaccard"])),
        ]
        for one in sorted(judged, key=lambda one: -one["silhouette"])
    ]
    how = (
        "Candidates are judged on whether disjoint halves of the training rows give the same clusters (adjusted Rand "
        "index; Jaccard index of the weakest cluster) and whether the silhouette exceeds what the same method reaches "
        "on Gaussian and on uniform rows with the data's own principal axes. Inertia and likelihood decide nothing."
    )
    return {
        "title": "Why these clusters",
        "paragraphs": [search["reason"], how],
        "table": {"header": header, "rows": cells} if cells else None,
        "lines": lines if points else [],
        "x_label": "clusters (k-means)",
        "y_label": "",
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _profile_section(profiles: "Sequence[ClusterProfile]") -> dict[str, Any]:
    header = ["cluster", "rows", "share", "differs by (effect size: mean or share inside, outside)"]
    cells = [
        [
            one.name,
            f"{one.rows:,}",
            f"{one.share:.1%}",
            "; ".join(
                f"{trait.words} ({trait.effect:+.2f}: {trait.inside:.4g}, {trait.outside:.4g})"
                for trait in one.traits[:_SHOWN_TRAITS]
            ),
        ]
        for one in profiles
    ]
    note = (
        "Effect sizes are differences from all other rows in standard deviations (numbers) or of transformed shares "
        "(levels); 0.8 is large. They describe what the clusters were made of and prove no cause."
    )
    return {"title": "The clusters", "paragraphs": [note], "table": {"header": header, "rows": cells}}


def _typical_section(profiles: "Sequence[ClusterProfile]", rows: PreparedRows) -> dict[str, Any]:
    """Return the rows nearest to each cluster's mean, in the columns that tell the clusters apart."""
    telling = list(dict.fromkeys(trait.column for one in profiles for trait in one.traits[:2]))[:6]
    cells = [
        [one.name, *(_cell(rows.columns[name][row]) for name in telling)] for one in profiles for row in one.typical[:2]
    ]
    return {"title": "Typical rows", "table": {"header": ["cluster", *telling], "rows": cells}}


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else f"{float(value):.4g}"


def _plane(profiles: "Sequence[ClusterProfile]", rows: PreparedRows, labels: Any) -> dict[str, Any]:
    """Return where the clusters' middles lie on the two directions of the largest spread."""
    import numpy as np

    from mlwright.models.cluster.projection import principal_directions

    center, directions = principal_directions(rows.X, 2, share=1.0)
    places = (rows.X.astype(np.float64) - center) @ directions
    total = float(np.var(rows.X.astype(np.float64), axis=0).sum())
    shares = places.var(axis=0) / total if total > 0 else np.zeros(places.shape[1])
    cells = [
        [one.name, *(f"{part.mean():.2f} ± {part.std():.2f}" for part in places[labels == code].T)]
        for code, one in enumerate(profiles)
        if one.rows
    ]
    header = ["cluster", *(f"direction {at + 1} ({share:.0%} of the spread)" for at, share in enumerate(shares))]
    return {
        "title": "The clusters on the plane of largest spread",
        "paragraphs": ["Mean and deviation of each cluster along the first principal directions of the prepared rows."],
        "table": {"header": header, "rows": cells},
    }
