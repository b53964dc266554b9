"""The AutoML comparison: the same tables, splits, budget and cores for mlwright and for the systems it competes with.

`python -m bench.automl run ...` measures and appends JSON lines; `python -m bench.automl table FILE ...` writes them as
Markdown. Every system lives in a throw-away environment of its own, and every fit runs in a fresh process of that
environment, which never sees the target of the test part: scores are computed here. To add a system: a file in
`adapters/`, its pinned requirements beside this file, and a line in `systems.py`.
"""
