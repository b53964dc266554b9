"""How a service says no: status, one word for machines, and our three parts; row and field where there is one."""

from dataclasses import dataclass

from mlwright.base.errors import RequestError


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong cell or field.

    Attributes:
        row: Counted from 1.
        field: The column.
        reason: One of unknown_column, missing_column, wrong_type, not_finite, wrong_shape.
    """

    row: int
    field: str
    reason: str
    message: str
    hint: str

    def as_json(self) -> dict[str, object]:
        return {
            "row": self.row,
            "field": self.field,
            "reason": self.reason,
            "message": self.message,
            "hint": self.hint,
        }


class Refusal(RequestError):
    """A request that is not answered, with the HTTP status that says why."""

    def __init__(self, message: str, *, hint: str, status: int = 422, code: str = "invalid_request") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.faults: tuple[Fault, ...] = ()
        self.headers: tuple[tuple[bytes, bytes], ...] = ()

    @classmethod
    def of(cls, faults: list[Fault], total: int) -> "Refusal":
        """Return the refusal of a request with wrong cells; `total` may be more than are listed."""
        first = faults[0]
        more = f" There are {total - 1} more." if total > 1 else ""
        refusal = cls(first.message + more, hint=first.hint, code=first.reason)
        refusal.faults = tuple(faults)
        return refusal

    def as_json(self, request_id: str) -> dict[str, object]:
        error: dict[str, object] = {"code": self.code, "message": self.message, "hint": self.hint}
        if self.faults:
            error["row"] = self.faults[0].row
            error["field"] = self.faults[0].field
            error["details"] = [fault.as_json() for fault in self.faults]
        return {"error": error, "request_id": request_id}
