"""Every registered capability loads, says what it is in one line, and names an extra that exists."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from mlwright.base.registry import Registry
from mlwright.base.traits import Traits
from mlwright.data.readers.registry import READERS
from mlwright.export.onnx.estimators import EMITTERS
from mlwright.llm.providers import PROVIDERS
from mlwright.models.rankers import RANKERS
from mlwright.models.recommend import RECOMMENDERS
from mlwright.models.series import SERIES_MODELS
from mlwright.models.tabular import MODELS
from mlwright.models.unsupervised import UNSUPERVISED
from mlwright.recipes import RECIPES
from mlwright.run.codecs import CODECS
from mlwright.serving.fronts import FRONTS
from mlwright.tools import TOOLS
from mlwright.tuning.searchers import SEARCHERS

REGISTRIES = (
    MODELS, RANKERS, RECOMMENDERS, PROVIDERS, READERS, RECIPES, TOOLS, FRONTS, SERIES_MODELS, UNSUPERVISED, SEARCHERS,
)  # fmt: skip
SOURCE = Path(__file__).parents[2] / "src" / "mlwright"
PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
EVERY = [pytest.param(registry, name, id=f"{registry.kind} {name}") for registry in REGISTRIES for name in registry]


def test_no_registry_is_forgotten_here() -> None:
    files = [path for path in SOURCE.rglob("*.py") if re.search(r"^[A-Z_]+ = Registry\(", path.read_text(), re.M)]
    assert len(files) == len({registry.group for registry in (*REGISTRIES, EMITTERS)})


@pytest.mark.parametrize(("registry", "name"), EVERY)
def test_a_capability_states_its_traits(registry: Registry, name: str) -> None:
    traits = registry.find(name).traits
    assert isinstance(traits, Traits)
    assert 0 < len(traits.summary) < 90
    assert "\n" not in traits.summary
    assert not traits.summary.endswith(".")
    assert traits.extra in {"", *PROJECT["optional-dependencies"]}
    assert traits.extra or not traits.requires or _in_base(traits.requires), "what it requires needs an extra"


def _in_base(names: tuple[str, ...]) -> bool:
    wanted = " ".join(PROJECT["dependencies"])
    return all(name in wanted for name in names)


@pytest.mark.parametrize("family", list(MODELS))
def test_a_family_says_truly_whether_it_can_be_exported(family: str) -> None:
    assert MODELS.find(family).traits.onnx == (family in EMITTERS)


@pytest.mark.parametrize("family", list(EMITTERS))
def test_an_emitter_belongs_to_a_family(family: str) -> None:
    assert callable(EMITTERS.find(family))
    assert family in MODELS or family in UNSUPERVISED


@pytest.mark.parametrize("name", list(TOOLS))
def test_a_tool_is_well_formed(name: str) -> None:
    tool: Any = TOOLS.find(name)
    assert tool.name == name
    assert tool.version
    assert tool.summary == tool.traits.summary
    assert isinstance(tool.heavy, bool)
    assert callable(tool().run)
    assert issubclass(tool.params, BaseModel)
    assert not [field for field, known in tool.params.model_fields.items() if not field.isidentifier() or not known]
    assert {codec.removesuffix("?") for codec in tool.inputs.values()} <= set(CODECS)
    assert tool.outputs
    assert set(tool.outputs.values()) <= set(CODECS)
    assert all(one.isidentifier() for one in (*tool.inputs, *tool.outputs))


@pytest.mark.parametrize("name", list(TOOLS))
def test_params_of_a_tool_go_through_json_unchanged(name: str) -> None:
    tool: Any = TOOLS.find(name)
    required = [field for field, known in tool.params.model_fields.items() if known.is_required()]
    if required:
        assert "properties" in tool.params.model_json_schema()
        return
    params = tool.params()
    assert tool.params.model_validate_json(params.model_dump_json()) == params


@pytest.mark.parametrize("name", list(TOOLS))
def test_a_misspelt_param_of_a_tool_is_refused(name: str) -> None:
    tool: Any = TOOLS.find(name)
    assert tool.params.model_config.get("extra") == "forbid"


@pytest.mark.parametrize("name", list(RECIPES))
def test_a_recipe_plans(name: str) -> None:
    assert callable(RECIPES.load(name)().plan)
