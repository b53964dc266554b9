"""The gate: every path, tool and host is checked against the contract before it is touched."""

import os
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from mlwright.base.errors import ContractError
from mlwright.contract.schema import PLACEHOLDERS, Contract

_SIGNS = {"*": "[^/]*", "?": "[^/]"}


class Gate:
    """Enforces one contract for one tool (or, with no tool, for the run itself).

    Paths are resolved first, so that neither `..` nor a symlink leads out. Use the path that `read` and `write` return,
    not the one you gave: a link exchanged afterwards is then not followed. `open` checks once more after opening.
    """

    def __init__(self, contract: Contract, tool_name: str | None = None) -> None:
        self.contract = contract
        self.tool_name = tool_name

    def read(self, path: Path | str) -> Path:
        """Return the real path, which may be read.

        Raises:
            ContractError: The contract's `reads` do not cover it, or it is sealed for this tool.
        """
        return self._checked(Path(path), "read", self.contract.reads)

    def write(self, path: Path | str) -> Path:
        """Return the real path, which may be written.

        Raises:
            ContractError: The contract's `writes` do not cover it, or it is sealed for this tool.
        """
        return self._checked(Path(path), "write", self.contract.writes)

    def open(self, path: Path | str, mode: str = "rb") -> IO[Any]:
        """Open a file for reading ("r...") or writing, and check that what was opened is what was allowed.

        Raises:
            ContractError: Not allowed, or the path was exchanged for a link while it was being opened.
        """
        checker = self.read if mode.startswith("r") and "+" not in mode else self.write
        allowed = checker(path)
        stream: IO[Any] = open(allowed, mode, opener=_open_no_link)  # noqa: SIM115 - the caller closes it
        try:
            same = os.path.samestat(os.fstat(stream.fileno()), checker(path).stat())
        except BaseException:
            stream.close()
            raise
        if same:
            return stream
        stream.close()
        raise ContractError(f"{path} was exchanged while it was opened.", hint="Find out who writes there.")

    def tool(self, name: str) -> None:
        """Check that a tool may be called.

        Raises:
            ContractError: The contract's `tools` do not name it.
        """
        if not any(fnmatchcase(name, pattern) for pattern in self.contract.tools):
            raise ContractError(
                f"The contract does not allow the tool '{name}'; its `tools` are {_shown(self.contract.tools)}.",
                hint=f"Add '{name}' to `tools` in the contract, or plan without it.",
            )

    def network(self, host: str) -> None:
        """Check that a host may be called.

        Raises:
            ContractError: The contract's `network` does not name it.
        """
        if not any(fnmatchcase(host.lower(), pattern.lower()) for pattern in self.contract.network):
            raise ContractError(
                f"The contract does not allow network access to '{host}'; its `network` is "
                f"{_shown(self.contract.network)}.",
                hint=f"Add '{host}' to `network` in the contract if the run should reach it.",
            )

    def _checked(self, path: Path, verb: str, patterns: Sequence[str]) -> Path:
        real = _real(path)
        sealed = self.contract.sealed
        if any(_matches(real, pattern) for pattern in sealed.paths):
            allowed = sealed.write if verb == "write" else sealed.read
            if self.tool_name is not None and not any(fnmatchcase(self.tool_name, name) for name in allowed):
                raise ContractError(
                    f"The tool '{self.tool_name}' may not {verb} {real}: it is sealed ({_shown(sealed.paths)}) and "
                    f"open only to {_shown(allowed)}.",
                    hint="Test labels are read once, by the scorer. Use the training part instead.",
                )
        if any(_matches(real, pattern) for pattern in patterns):
            return real
        led = f" (which leads to {real})" if str(real) != os.path.abspath(path) else ""  # noqa: PTH100 - resolve() would follow the link
        raise ContractError(
            f"The contract does not allow to {verb} {path}{led}; its `{verb}s` are {_shown(patterns)}.",
            hint=f"Add the path to `{verb}s` in the contract, or use a path inside those.",
        )


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError) as exc:  # a loop of links
        raise ContractError(f"{path} leads nowhere: {exc}.", hint="Remove the loop of links.") from exc
    except ValueError as exc:
        raise ContractError(f"{str(path)!r} is not a path: {exc}.", hint="Give the path of a file.") from exc


def _open_no_link(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _matches(path: Path, pattern: str) -> bool:
    """Whether a real path is covered by a pattern: `*` and `?` stop at "/", `**` does not; a folder covers itself."""
    if any(name in pattern for name in PLACEHOLDERS):
        return False
    return _regex(_real_pattern(pattern)).fullmatch(path.as_posix()) is not None


def _real_pattern(pattern: str) -> str:
    # The fixed front of a pattern may itself go through a link (/tmp on macOS): compare real with real.
    parts = Path(pattern).parts
    fixed = next((i for i, part in enumerate(parts) if any(sign in part for sign in "*?[")), len(parts))
    front = Path(*parts[:fixed]).resolve() if fixed else Path()
    return Path(front, *parts[fixed:]).as_posix()


@lru_cache(maxsize=512)
def _regex(pattern: str) -> re.Pattern[str]:
    body = ""
    for part in Path(pattern).parts:
        if part == "**":
            body += "(?:/.*)?"
            continue
        signs = re.split(r"(\*|\?|\[.\])", part)
        piece = "".join(
            _SIGNS.get(sign) or re.escape(sign[1] if sign[:1] == "[" and len(sign) == 3 else sign) for sign in signs
        )
        body += "" if part == "/" else "/" + piece
    return re.compile(body or "/")


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "empty"
