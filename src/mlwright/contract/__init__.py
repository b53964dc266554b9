"""The contract: what a run may read, write, call and spend, and how that is enforced.

`schema` parses a charter (Markdown with front matter, `contract.md` by default), `gate` checks every path, tool and
host, `ledger` the budget, `sandbox` runs work in a child process with limits, `boundaries` refuses foreign work.
"""
