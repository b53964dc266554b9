"""`mlwright new`."""

from pathlib import Path

from rich.markup import escape

from mlwright.base.errors import InputError
from mlwright.cli.screen import console


def write_first_brief(source: str, target: str | None, out: Path) -> None:
    """Look at a table and write a brief for it.

    Raises:
        InputError: The brief's file is there already, or the table cannot be used.
    """
    from mlwright.brief.new import FirstFacts, first_brief
    from mlwright.data.dataset import to_dataset
    from mlwright.data.infer import infer_schema
    from mlwright.data.readers import read_raw
    from mlwright.data.target import encode_target, infer_task

    if out.exists():
        raise InputError(f"{out} is there already.", hint="give another name with -o, or remove it.")
    raw = read_raw(source, base=Path.cwd())
    dataset, _ = to_dataset(raw, infer_schema(raw, target=target))
    task, why = infer_task(dataset) if target is not None else (None, "")
    if task is not None:
        encode_target(dataset, task)
    text = first_brief(FirstFacts(_relative(source, out), dataset.rows, task, why), dataset.schema)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}.", hint="give another -o.") from error
    console().print(f"Wrote [bold]{escape(str(out))}[/]. Read it, then: mlwright run {escape(str(out))}")


def _relative(source: str, out: Path) -> str:
    """Paths in a brief start from the brief's own folder."""
    if "://" in source or Path(source).is_absolute():
        return source
    import os

    return Path(os.path.relpath(source, out.resolve().parent)).as_posix()
