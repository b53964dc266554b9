"""Reads just enough of a protobuf message to look around in it; the base install has no `onnx` package.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterator

from mlwright.base.errors import VerifyError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Field = tuple[int, int | memoryview]  # field number; the value of a varint, or the bytes of anything else


def fields(message: memoryview) -> Iterator[Field]:
    """Yield the fields of one message in the order of the bytes, without copying.

    Raises:
        VerifyError: The bytes are not a protobuf message.
    """
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise _broken(f"wire type {kind}")
        if at + size > end:
            raise _broken("a field that ends after the file")
        yield number, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise _broken("a number that does not end")
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def _broken(what: str) -> VerifyError:
    return VerifyError(
        f"The ONNX model is not a readable protobuf file: it has {what}.",
        hint="the file is damaged or is no ONNX model; copy the delivery again.",
    )
