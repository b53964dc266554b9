"""The whole search as a scikit-learn estimator: `MLWrightClassifier`, `MLWrightRegressor`.

`rows` turns what callers hand in into the normal form, `target` encodes y, `training` makes the table of the search,
`files` writes and reads a fitted estimator, `tabular` holds the two classes. Imported when first asked for, since the
classes are scikit-learn's own kind and need it to be there.
"""
