"""The whole pipeline as one ONNX graph: raw columns in, answers out.

`features` emits the preparation, `estimators` any fitted estimator, `model` joins them, `parity` measures the loss.

To add a family: write `emit(estimator, graph, matrix) -> name` and register it under the family's name in `EMITTERS`
(from outside: the entry point group "mlwright.onnx_emitters"). A model of trees needs only a `TreeTable`.
"""
