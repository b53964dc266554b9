"""JSON schemas as the vendors take them: closed objects, every property required, no bounds.

What is taken out (bounds, patterns, lengths, formats, defaults) goes into the description, where a model still reads
it; pydantic checks it afterwards.
"""

import json
from typing import Any

from mlwright.llm.errors import SchemaRefused

_BOUNDS = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "format",
)  # fmt: skip
_DROPPED = ("default", "title", "examples", "discriminator")


def strict_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema in the subset that Anthropic and OpenAI follow strictly.

    Raises:
        SchemaRefused: It has an object with free keys, or refers to itself.

    Example:
        >>> strict_schema({"type": "object", "properties": {"age": {"type": "integer", "minimum": 0}}})["required"]
        ['age']
    """
    _check_recursion(schema)
    return _strict(schema, schema.get("$defs", {}))


def closed_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with no keys beside the named ones; bounds, free maps and recursion stay.

    Example:
        >>> closed_schema({"type": "object", "properties": {"a": {"type": "integer"}}})["additionalProperties"]
        False
    """

    def close(node: Any) -> Any:
        if isinstance(node, list):
            return [close(inner) for inner in node]
        if not isinstance(node, dict):
            return node
        out = {key: close(inner) for key, inner in node.items() if key not in {"default", "discriminator"}}
        if "properties" in node and "additionalProperties" not in node:
            out["additionalProperties"] = False
        return out

    return close(schema)


def _strict(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node and len(node) > 1:
        # No word may stand beside a reference: what it refers to is written out in its place.
        beside = {key: value for key, value in node.items() if key != "$ref"}
        node = {**definitions[node["$ref"].removeprefix("#/$defs/")], **beside}
    out: dict[str, Any] = {}
    for key, value in node.items():
        if key in _BOUNDS or key in _DROPPED:
            continue
        if key in {"properties", "$defs"}:
            out[key] = {name: _strict(inner, definitions) for name, inner in value.items()}
        elif key in {"anyOf", "oneOf", "allOf", "prefixItems"}:
            out["anyOf" if key == "oneOf" else key] = [_strict(inner, definitions) for inner in value]
        elif key == "items" and isinstance(value, dict):
            out[key] = _strict(value, definitions)
        else:
            out[key] = value
    bounds = {key: node[key] for key in _BOUNDS if key in node}
    if bounds:
        told = ", ".join(f"{key} {json.dumps(value)}" for key, value in bounds.items())
        out["description"] = f"{node['description']} ({told})" if node.get("description") else told
    if node.get("type") == "object" or "properties" in node:
        free = node.get("additionalProperties", False)
        if free not in (False, None):
            raise SchemaRefused(
                f"The object '{node.get('title', 'answer')}' takes any key, which strict schemas can't say.",
                hint="Use a list of objects with a key and a value.",
            )
        out["additionalProperties"] = False
        out["properties"] = out.get("properties", {})
        out["required"] = list(out["properties"])
    return out


def _check_recursion(schema: dict[str, Any]) -> None:
    definitions = schema.get("$defs", {})

    def visit(node: Any, path: tuple[str, ...]) -> None:
        if isinstance(node, list):
            for inner in node:
                visit(inner, path)
        elif isinstance(node, dict):
            name = str(node.get("$ref", "")).removeprefix("#/$defs/")
            if name in path:
                raise SchemaRefused(
                    f"The schema's '{name}' contains itself, which strict schemas can't say.",
                    hint="Write the nesting out to a fixed depth.",
                )
            if name in definitions:
                visit(definitions[name], (*path, name))
            for key, inner in node.items():
                if key != "$defs":
                    visit(inner, path)

    visit(schema, ())
