"""The OpenAPI description of /predict, made from the signature: columns with ranges or levels, a real example."""

from typing import Any

from mlwright.data.schema import Column, SemanticType
from mlwright.models.signature import Signature, Task
from mlwright.serving.service import Service

_SHOWN_LEVELS = 50
_REF = "#/components/schemas/"


def describe_predict(document: dict[str, Any], service: Service) -> dict[str, Any]:
    """Add /predict, its schemas and the keys to an OpenAPI document."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(_schemas(service.signature))
    document["components"]["securitySchemes"] = {
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "bearer": {"type": "http", "scheme": "bearer"},
    }
    if service.settings.key_hashes:
        document["security"] = [{"key": []}, {"bearer": []}]
    document["paths"]["/predict"] = {"post": _operation(service)}
    return document


def _operation(service: Service) -> dict[str, Any]:
    row = service.example_row
    body = {
        "schema": {"oneOf": [{"$ref": _REF + name} for name in ("Row", "RowList", "Rows", "Columns")]},
        "examples": {
            "one_row": {"summary": "One row", "value": row},
            "rows": {"summary": "Several rows", "value": {"rows": [row, row]}},
            "columns": {"summary": "Columns", "value": {"columns": {name: [cell, cell] for name, cell in row.items()}}},
        },
    }
    failures = {"400": "No JSON", "401": "No known key", "408": "The body came too slowly", "413": "Too large a body"}
    failures |= {"415": "Not application/json", "422": "A column is unknown, missing or of a wrong type"}
    failures |= {"429": "Too many requests", "503": "Overloaded, or the answer took too long"}
    refusal = {"application/json": {"schema": {"$ref": _REF + "Refusal"}}}
    return {
        "operationId": "predict",
        "summary": f"Predict {service.signature.target}",
        "description": 'Send one object, a list of objects, `{"rows": [...]}` or `{"columns": {...}}`. '
        "A missing value is null; every column must be there. Levels and ranges never seen in training are answered "
        "with a warning.",
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": {
            "200": {"description": "The prediction", "content": {"application/json": {"schema": _reply()}}},
            **{status: {"description": text, "content": refusal} for status, text in failures.items()},
        },
    }


def _reply() -> dict[str, Any]:
    return {"oneOf": [{"$ref": _REF + name} for name in ("Prediction", "Predictions", "PredictionColumns")]}


def _schemas(signature: Signature) -> dict[str, Any]:
    cells = {column.name: _cell(column) for column in signature.inputs}
    names = list(cells)
    row = {"type": "object", "properties": cells, "required": names, "additionalProperties": False}
    lists = {name: {"type": "array", "items": cell} for name, cell in cells.items()}
    columns = {"type": "object", "properties": lists, "required": names, "additionalProperties": False}
    rows = {"type": "array", "minItems": 1, "items": {"$ref": _REF + "Row"}}
    return {
        "Row": row,
        "RowList": rows,
        "Rows": _object({"rows": rows}),
        "Columns": _object({"columns": columns}),
        **_replies(signature),
        "Refusal": _refusal(),
    }


def _replies(signature: Signature) -> dict[str, Any]:
    about = {
        "model": _object({"name": {"type": "string"}, "version": {"type": "string"}}),
        "request_id": {"type": "string"},
        "warnings": {"type": "array", "items": {"type": "object"}},
    }
    share = {"type": "number", "minimum": 0, "maximum": 1}
    if signature.task.is_classification:
        label = {"type": signature.label_type, "enum": [_label(signature, name) for name in signature.classes]}
        one: dict[str, Any] = {"label": label, "probabilities": _object(dict.fromkeys(signature.classes, share))}
        many: dict[str, Any] = {
            "labels": {"type": "array", "items": label},
            "probabilities": _object({name: {"type": "array", "items": share} for name in signature.classes}),
        }
    else:
        number = {"type": "number"}
        ends = ("low", "high") if signature.interval is not None else ()
        one = dict.fromkeys(("value", *ends), number)
        many = {name: {"type": "array", "items": number} for name in ("values", *ends)}
        if signature.task is Task.ANOMALY and signature.threshold is not None:
            one["anomaly"] = {"type": "boolean"}
            many["anomaly"] = {"type": "array", "items": {"type": "boolean"}}
    return {
        "Prediction": _object({**one, **about}),
        "Predictions": _object({"predictions": {"type": "array", "items": _object(one)}, **about}),
        "PredictionColumns": _object({**many, **about}),
    }


def _refusal() -> dict[str, Any]:
    text = {"type": "string"}
    error = _object({"code": text, "message": text, "hint": text})
    error["properties"] |= {"row": {"type": "integer", "minimum": 1}, "field": text}
    error["properties"]["details"] = {"type": "array", "items": {"type": "object"}}
    return _object({"error": error, "request_id": text})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _label(signature: Signature, name: str) -> Any:
    if signature.label_type == "integer":
        return int(name)
    return name == "true" if signature.label_type == "boolean" else name


def _cell(column: Column) -> dict[str, Any]:
    """Ranges and levels are told, not enforced: a value beyond them is answered with a warning."""
    described: dict[str, Any] = {"title": column.name}
    if column.type is SemanticType.NUMBER:
        described["type"] = ["number", "null"]
        if column.minimum is not None and column.maximum is not None:
            described["description"] = f"In training from {column.minimum:g} to {column.maximum:g}."
            described["x-training-range"] = [column.minimum, column.maximum]
    elif column.type is SemanticType.DATETIME:
        described["type"] = ["string", "null"]
        described["description"] = "A date or time: ISO 8601" + "".join(f" or {each}" for each in column.formats) + "."
    else:
        described["type"] = ["string", "number", "boolean", "null"] if column.levels else ["string", "null"]
        if column.levels:
            shown = ", ".join(column.levels[:_SHOWN_LEVELS])
            more = f" and {len(column.levels) - _SHOWN_LEVELS} more" if len(column.levels) > _SHOWN_LEVELS else ""
            described["description"] = f"Known from training: {shown}{more}."
            described["x-training-levels"] = list(column.levels[:_SHOWN_LEVELS])
    if column.example is not None:
        described["examples"] = [column.example]
    return described
