"""JSON pointers: the path to one value in a JSON document.

Source: https://www.rfc-editor.org/rfc/rfc6901
"""

from typing import Any

from mlwright.base.errors import VerifyError


def resolve(document: Any, pointer: str) -> Any:
    """Return the value at `pointer`.

    Raises:
        VerifyError: There is none.

    Example:
        >>> resolve({"test": {"a/b": [10, 20]}}, "/test/a~1b/1")
        20
    """
    if pointer and not pointer.startswith("/"):
        raise _nothing(pointer)
    value = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            raise _nothing(pointer)
    return value


def _nothing(pointer: str) -> VerifyError:
    return VerifyError(f"There is nothing at '{pointer}'.", hint="deliver again; the claim and its file don't agree.")
