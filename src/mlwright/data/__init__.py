"""Tables: read them, know their columns, profile, check and split them.

| file | what it does |
|---|---|
| `readers/`, `stream`, `frames` | files and frames of every kind in |
| `columns`, `cells`, `dataset` | the normal form, reached alike in training and in prediction |
| `infer`, `semantic`, `date_formats`, `target` | what each column is, and what is predicted |
| `profile`, `profile_file`, `quality`, `card` | what a table looks like, and what is odd in it |
| `splits`, `leaks` | the sealed test, folds, and the battery that checks them |
| `validation` | a saved schema enforced on new rows |

`schema`, `columns`, `cells`, `stream`, `frames` and `validation.check_batch` work in the base install (numpy and the
standard library); the rest needs polars. To add a file format: one file in `readers/` and one line in `READERS`.
"""
