"""One tree of errors; every one says which value, what was expected and what to do.

MlwrightError
├── InputError            the person can mend it: exit code 2
│   ├── BriefError        the brief has faults
│   ├── DataError         the data cannot be used as asked
│   ├── RequestError      one request to a service or a model is wrong: HTTP 4xx
│   └── MissingExtra      an optional package is not installed
├── ContractError         a path, tool or network the contract does not allow
├── BudgetError           time, memory, tokens or money is spent
├── LLMError              a language model did not answer as asked; its kinds are in llm/errors.py
├── RunError              the run directory cannot be used: locked, broken, full
├── ExportError           a model cannot be written in the wanted format
├── VerifyError           a delivery is not what its manifest says
└── Signal                for the planner, never shown to a person as it is
    ├── Retry             same step, other params
    └── Infeasible        plan again
"""


class MlwrightError(Exception):
    """The root. `hint` says what to do next, because people and planners both act on it."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nHint: {self.hint}"

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross the border of a child process; keyword-only arguments need this.
        return (_rebuild, (type(self), self.message, self.hint))


def _rebuild(kind: type[MlwrightError], message: str, hint: str) -> MlwrightError:
    return kind(message, hint=hint)


class InputError(MlwrightError):
    """Something the person gave is wrong."""

    exit_code = 2


class BriefError(InputError):
    """The brief has faults."""


class DataError(InputError):
    """The data cannot be used as asked."""


class RequestError(InputError):
    """One request is wrong; `status` is the HTTP status that says so."""

    status = 422


class MissingExtra(InputError):
    """An optional package is not installed."""


class ContractError(MlwrightError):
    """The contract does not allow this."""

    exit_code = 2


class BudgetError(MlwrightError):
    """The budget is spent."""


class LLMError(MlwrightError):
    """A language model did not answer as asked."""


class RunError(MlwrightError):
    """The run directory cannot be used."""

    exit_code = 2


class ExportError(MlwrightError):
    """The model cannot be written in the wanted format."""


class VerifyError(MlwrightError):
    """A delivery is not what its manifest says."""


class Signal(MlwrightError):
    """Tells the planner what to do next."""


class Retry(Signal):
    """The same step may work with other params."""


class Infeasible(Signal):
    """The step cannot work; plan again."""
