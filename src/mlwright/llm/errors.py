"""What can go wrong with a model: every case has a class, and says whether trying again may help.

LLMError                  (base/errors.py)
├── CallError             one call failed; `retryable`, `billed`
│   ├── KeyMissing        no key was given
│   ├── KeyRefused        the provider does not take the key (401, 402, 403)
│   ├── UnknownModel      the provider, or this program, does not know the model
│   ├── RequestRefused    the provider does not take the request (400, 413, 422)
│   │   ├── SchemaRefused     it does not take the JSON schema
│   │   └── ContextTooLong    the messages are longer than the model's window
│   ├── RateLimited       too many calls (429); retryable
│   ├── ProviderDown      not reachable, out of order or overloaded; retryable
│   └── StreamCut         the answer broke off; retryable
└── AnswerError           an answer came and cannot be used; `reply` is what came
    ├── Refused           the model declines to answer
    ├── Truncated         the answer ended at max_tokens or at the window's end
    ├── MalformedCall     a tool call is not JSON
    └── OutputInvalid     the answer does not follow the wanted schema, after all repairs
PriceUnknown              a BudgetError: money is limited and the model's price is not known
"""

from typing import Any

from mlwright.base.errors import BudgetError, InputError, LLMError


class CallError(LLMError):
    """One call failed.

    Attributes:
        retryable: Whether the same call may succeed later.
        billed: Whether the provider may charge for it all the same.
        retry_after_seconds: How long the provider asks to wait.
    """

    retryable = False
    billed = False
    retry_after_seconds: float | None = None

    def __reduce__(self) -> tuple[object, ...]:
        return (*super().__reduce__(), self.__dict__)


class KeyMissing(CallError, InputError):
    """No key was given."""

    exit_code = 2


class KeyRefused(CallError, InputError):
    """The provider does not take the key."""

    exit_code = 2


class UnknownModel(CallError, InputError):
    """Nobody knows this model."""

    exit_code = 2


class RequestRefused(CallError):
    """The provider does not take the request."""


class SchemaRefused(RequestRefused):
    """The provider does not take the JSON schema."""


class ContextTooLong(RequestRefused):
    """The messages are longer than the model's window."""


class RateLimited(CallError):
    """Too many calls."""

    retryable = True


class ProviderDown(CallError):
    """The provider is not reachable, out of order or overloaded."""

    retryable = True


class StreamCut(CallError):
    """The answer broke off."""

    retryable = True
    billed = True


class AnswerError(LLMError):
    """An answer came and cannot be used; `reply` is what came, where there is one."""

    reply: Any = None

    def __reduce__(self) -> tuple[object, ...]:
        return (*super().__reduce__(), self.__dict__)


class Refused(AnswerError):
    """The model declines to answer."""


class Truncated(AnswerError):
    """The answer ended too early."""


class MalformedCall(AnswerError):
    """A tool call is not JSON."""


class OutputInvalid(AnswerError):
    """The answer does not follow the wanted schema."""


class PriceUnknown(BudgetError):
    """Money is limited and the model's price is not known."""
