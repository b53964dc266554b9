"""A first brief can be run as it stands, and says why each line is so."""

from mlwright.brief.load import load_brief
from mlwright.brief.new import FirstFacts, first_brief
from mlwright.data.schema import Column, Role, Schema, SemanticType
from mlwright.models.signature import Task

SCHEMA = Schema(
    columns=(
        Column(name="customer id", type=SemanticType.ID, role=Role.ID, reason="every value differs"),
        Column(name="age", type=SemanticType.NUMBER, minimum=18, maximum=90, missing_share=0.031),
        Column(name="plan: new\nline", type=SemanticType.CATEGORY, levels=("a", "b", "c", "d", "e")),
        Column(name="no", type=SemanticType.DATETIME, role=Role.TIME),
        Column(name="churned", type=SemanticType.CATEGORY, role=Role.TARGET),
    )
)


def test_it_is_read_back_with_what_was_seen() -> None:
    text = first_brief(FirstFacts("customers.csv", 1000, Task.BINARY, "two values"), SCHEMA)
    brief = load_brief(text)
    assert (brief.kind, brief.data.target, brief.metric) == ("classification", "churned", "roc_auc")
    assert brief.data.columns == {"customer id": "id", "age": "feature", "plan: new\nline": "feature", "no": "time"}
    assert brief.split is not None
    assert brief.split.strategy == "time"
    for comment in ("every value differs", "18 to 90; 3.1% missing", "a, b, c, d, ... (5)", "# two values"):
        assert comment in text


def test_without_a_target_it_asks_for_one() -> None:
    schema = Schema(columns=(Column(name="a", type=SemanticType.NUMBER),))
    text = first_brief(FirstFacts("odd # name.csv", 60_000), schema)
    assert "# target: COLUMN" in text
    assert load_brief(text).data.source == "odd # name.csv"
