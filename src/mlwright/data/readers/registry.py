"""The formats that can be read. A new one is one file here and one line below."""

from mlwright.base.registry import Registry

READERS = Registry(
    "reader",
    group="mlwright.readers",
    builtin={
        "csv": "mlwright.data.readers.csv_file:CsvReader",
        "json": "mlwright.data.readers.json_file:JsonReader",
        "jsonl": "mlwright.data.readers.json_file:JsonLinesReader",
        "parquet": "mlwright.data.readers.arrow_file:ParquetReader",
        "arrow": "mlwright.data.readers.arrow_file:ArrowReader",
        "excel": "mlwright.data.readers.excel_file:ExcelReader",
        "sqlite": "mlwright.data.readers.sqlite_file:SqliteReader",
        "svmlight": "mlwright.data.readers.svmlight_file:SvmlightReader",
        "sample": "mlwright.data.readers.sample:SampleReader",
    },
)
