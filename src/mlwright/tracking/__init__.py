"""Copies of a run's facts for the tools that teams already look at. The journal stays the source of truth.

`mlflow_sink.track` writes a run with nested trials and registers the model; `registry` promotes and rolls back;
`pyfunc` is the flavour that `mlflow.pyfunc.load_model` loads. Another tracker is one new file that takes `RunFacts`.
"""
