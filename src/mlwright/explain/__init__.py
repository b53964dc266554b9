"""Why a model predicts what it predicts, in the columns that its caller sends.

`shap_values.explain` gives SHAP values of a whole delivered pipeline on raw columns; `explanation` is the form in which
they are written. A new method is one new file that returns an `Explanation`.
"""
