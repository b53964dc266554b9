"""A contract as the charter it came from."""

from typing import Any

from mlwright.contract.schema import Contract


def contract_markdown(contract: Contract) -> str:
    """Return Markdown with front matter; `check_contract` reads it back to an equal contract."""
    import yaml

    fields: dict[str, Any] = contract.model_dump(mode="json", exclude={"body"}, by_alias=True)
    front = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{front}---\n{contract.body}\n"
