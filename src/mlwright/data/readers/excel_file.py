"""Excel and OpenDocument workbooks: the first sheet, or the one that `query` names."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mlwright.base.errors import DataError
from mlwright.base.suggest import did_you_mean
from mlwright.base.traits import Traits
from mlwright.data.csv_layout import checked_names
from mlwright.data.readers.raw import Raw, ReadOptions, ReadProblem
from mlwright.data.readers.typed import raw_of

if TYPE_CHECKING:
    import polars as pl


class ExcelReader:
    """Reads one sheet of a workbook; its first row holds the names."""

    traits: ClassVar[Traits] = Traits("Excel, OpenDocument", extra="train", requires=("polars", "fastexcel"))

    def read(self, source: str, options: ReadOptions) -> Raw:
        """Read the file `source`.

        Raises:
            DataError: Broken, no such sheet, an empty sheet.
        """
        import fastexcel

        path = Path(source)
        try:
            book = fastexcel.read_excel(str(path))
            sheet = _sheet_of(book.sheet_names, options.query, path)
            header = book.load_sheet(sheet, header_row=None, n_rows=1, dtypes="string").to_polars()
            names, _ = checked_names([cell or "" for cell in header.row(0)] if header.height else [], str(path))
            frame = book.load_sheet(
                sheet, header_row=None, skip_rows=1, column_names=list(names), schema_sample_rows=None
            ).to_polars()
        except fastexcel.FastExcelError as exc:
            raise DataError(
                f"'{path}' cannot be read as a workbook: {str(exc).splitlines()[0]}.",
                hint="open it and save it again, or export the sheet as CSV.",
            ) from exc
        others = [name for name in book.sheet_names if name != sheet]
        note = (ReadProblem(f"Only the sheet '{sheet}' was read, not {', '.join(others[:5])}"),)
        return raw_of(_whole(frame), path, note if others and not options.query else ())


def _sheet_of(names: list[str], wanted: str | None, path: Path) -> str:
    if wanted is None:
        return names[0]
    if wanted not in names:
        raise DataError(f"'{path}' has no sheet '{wanted}'.", hint=did_you_mean(wanted, names))
    return wanted


def _whole(frame: "pl.DataFrame") -> "pl.DataFrame":
    """A workbook writes every number as a float; rows without any cell are what is left of deleted ones."""
    import polars as pl

    return frame.filter(~pl.all_horizontal(pl.all().is_null()))
