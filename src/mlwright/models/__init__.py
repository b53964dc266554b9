"""Models: what they take and give (`signature`), and one file per family in `tabular/`."""
