"""Conformance checks for what others register: each raises `AssertionError` that says which promise was broken.

Call them from your own tests: `check_model("my_family")` for a family under the entry point group
"mlwright.tabular_models". Needs the libraries that the family itself needs, and no test framework.
"""

from mlwright.testing.models import check_model

__all__ = ["check_model"]
