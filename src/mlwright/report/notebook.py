"""notebook.ipynb: loads the delivery, computes the headline score again from the test rows, and shows plots.

The notebook reads only files of its own folder, so it can be run again wherever the delivery is moved. Cell ids are
fixed and no times are recorded: two runs of the same delivery write the same notebook.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from mlwright.base.errors import BudgetError, VerifyError
from mlwright.report import notebook_cells
from mlwright.report.facts import ReportFacts
from mlwright.report.templating import markdown_text
from mlwright.report.verdict import verdict

FILE = "notebook.ipynb"

_LOAD = """\
import gzip
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from mlwright.data.cells import category_text, parse_cells
from mlwright.evaluation.metrics import metric
from mlwright.serving.runtime import Runtime

here = Path.cwd()  # open the notebook in the delivery's own folder
scores = json.loads((here / "evaluation" / "scores.json").read_text(encoding="utf-8"))
with gzip.open(here / "evaluation" / "test_rows.jsonl.gz", "rt", encoding="utf-8") as lines:
    rows = [json.loads(line) for line in lines]
model = Runtime.open(here / "model")
signature = model.signature
print(f"{len(rows):,} test rows, {len(signature.inputs)} inputs, target {signature.target!r}")"""

_PREDICT = """\
columns = {c.name: parse_cells(c, [row.get(c.name) for row in rows]) for c in signature.inputs}
prediction = model.predict(columns)
cells = [row[signature.target] for row in rows]
if signature.classes:
    code = {name: k for k, name in enumerate(signature.classes)}
    truth = np.array([code[category_text(cell)] for cell in cells])
    said = np.array([code[str(label)] for label in prediction.labels])
else:
    truth = np.array(cells, dtype=float)"""

_SCORE = """\
headline = metric(scores["metric"])
given = {"probabilities": prediction.probabilities, "values": prediction.values}.get(headline.needs)
queries = None if signature.group is None else np.array([str(row[signature.group]) for row in rows])
given = said if headline.needs == "labels" else given
found = headline.compute(truth, given, group=queries, scale=columns.get("scale"))
claimed = scores["test"][scores["metric"]]
print(f"{scores['metric']}: {found:.6f} computed here, {claimed['value']:.6f} in evaluation/scores.json")
assert np.isclose(found, claimed["value"], rtol=1e-5, atol=1e-6), "the files do not belong together\""""

_CONFUSION = """\
counts = np.zeros((len(signature.classes),) * 2, dtype=int)
np.add.at(counts, (truth, said), 1)
figure, axes = plt.subplots(figsize=(1.6 + 0.9 * len(counts), 1.2 + 0.8 * len(counts)))
axes.imshow(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1.4)
for i, row in enumerate(counts):
    for j, count in enumerate(row):
        axes.text(j, i, f"{count:,}", ha="center", va="center")
axes.set_xticks(range(len(counts)), signature.classes, rotation=30, ha="right")
axes.set_yticks(range(len(counts)), signature.classes)
axes.set(xlabel="predicted", ylabel="actual", title="Confusion on the test")
plt.show()"""

_SPREAD = """\
figure, axes = plt.subplots(figsize=(6, 3.2))
bins = np.linspace(0, 1, 21)
for k, name in enumerate(signature.classes):
    shown = signature.classes.index(signature.positive) if signature.positive else k
    axes.hist(prediction.probabilities[truth == k, shown], bins=bins, alpha=0.6, label=f"actual {name}")
axes.set(xlabel="predicted probability", ylabel="rows", title="How well the classes are told apart")
axes.legend()
plt.show()"""

_RESIDUALS = """\
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
left.scatter(prediction.values, truth, s=9, alpha=0.5)
left.axline((truth.mean(), truth.mean()), slope=1, color="grey", linestyle="--")
left.set(xlabel="predicted", ylabel="actual", title="Predicted and actual")
right.hist(truth - prediction.values, bins=30)
right.set(xlabel="actual minus predicted", ylabel="rows", title="Residuals")
plt.show()"""


_LISTS = """\
from mlwright.delivery.relist import relisted

found = relisted(here, [scores["metric"]])[scores["metric"]]
claimed = scores["test"][scores["metric"]]
print(f"{scores['metric']}: {found:.6f} computed here, {claimed['value']:.6f} in evaluation/scores.json")
assert np.isclose(found, claimed["value"], rtol=1e-5, atol=1e-6), "the files do not belong together\""""

_BY_GRADE = """\
grades = np.unique(truth)
spread = np.array([prediction.values[queries == query].mean() for query in queries])
figure, axes = plt.subplots(figsize=(6, 3.2))
axes.boxplot([(prediction.values - spread)[truth == grade] for grade in grades], showfliers=False)
axes.set_xticks(range(1, len(grades) + 1), [f"{grade:g}" for grade in grades])
axes.set(xlabel="grade", ylabel="score above the query's mean", title="How well the grades are told apart")
plt.show()"""


def build_notebook(facts: ReportFacts) -> Any:
    """Return the notebook, not yet executed (nbformat's NotebookNode)."""
    from nbformat import v4

    score = _LISTS if facts.model.task == "recommendation" else _SCORE
    values = [_BY_GRADE] if facts.model.task == "ranking" else [_RESIDUALS]
    plots = values if facts.model.gives_value else [_CONFUSION, _SPREAD]
    predict = _PREDICT
    if not facts.model.task.needs_target:
        predict, score = notebook_cells.PREDICT, notebook_cells.SCORE
        plots = [notebook_cells.ANOMALIES if facts.model.gives_value else notebook_cells.CLUSTERS]
    cells: list[tuple[str, str]] = [
        ("markdown", f"# {markdown_text(facts.name)}\n\n{markdown_text(facts.objective)}\n\n{_words(facts)}"),
        ("markdown", "## The delivery\n\nEverything is read from the folder that this notebook lies in."),
        ("code", _LOAD),
        ("markdown", "## Predictions\n\nRaw cells, as a caller of the service sends them, go through the ONNX graph."),
        ("code", predict),
        ("markdown", "## The headline score, computed again"),
        ("code", score),
        ("markdown", "## Where it is right and wrong"),
        *(("code", plot) for plot in plots),
    ]
    made = {"markdown": v4.new_markdown_cell, "code": v4.new_code_cell}
    return v4.new_notebook(
        cells=[made[kind](source, id=f"cell-{i}") for i, (kind, source) in enumerate(cells)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )


def execute_notebook(notebook: Any, delivery_dir: Path, *, seconds: float = 120.0) -> Any:
    """Run every cell in `delivery_dir` with the interpreter that runs this, and return the notebook with its outputs.

    The kernel is reached through a socket file, not the network, and writes nothing outside a temporary folder.

    Raises:
        VerifyError: A cell failed, for example because the score came out differently.
        BudgetError: The seconds were spent.
    """
    from nbclient.exceptions import CellExecutionError

    try:
        _in_a_thread(_execute(notebook, delivery_dir, seconds))
    except CellExecutionError as error:
        last = str(error).strip().splitlines()[-1]
        raise VerifyError(
            f"The notebook does not run on its own delivery: {last}",
            hint="The files under model/ and evaluation/ must be of one run; run the evaluation again.",
        ) from error
    except TimeoutError as error:
        raise BudgetError(
            f"The notebook did not finish within {seconds:g} s.", hint="Give the documents more time."
        ) from error
    return notebook


def write_notebook(facts: ReportFacts, delivery_dir: Path, *, seconds: float = 120.0) -> Path:
    """Write the executed notebook into the delivery and return its path."""
    import nbformat

    notebook = execute_notebook(build_notebook(facts), delivery_dir, seconds=seconds)
    path = delivery_dir / FILE
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    return path


def _words(facts: ReportFacts) -> str:
    found = verdict(facts)
    return f"**{markdown_text(found.title)}.** {markdown_text(found.sentence)}"


def _in_a_thread(work: Coroutine[Any, Any, None]) -> None:
    # in the main thread nbclient takes over SIGINT and SIGTERM and doesn't give them back; a caller may have a loop
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, work).result()


async def _execute(notebook: Any, folder: Path, seconds: float) -> None:
    from jupyter_client.kernelspec import KernelSpecManager
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory(prefix="mlw") as scratch:
        resources = {"metadata": {"path": str(folder)}}
        client = NotebookClient(notebook, timeout=None, record_timing=False, resources=resources)
        client.shutdown_kernel = "immediate"
        manager = client.create_kernel_manager()
        # no folders: the kernel of this interpreter, whatever the person has installed as "python3"
        manager.kernel_spec_manager = KernelSpecManager(kernel_dirs=[])
        manager.connection_file = str(Path(scratch) / "kernel.json")
        if sys.platform != "win32":
            manager.transport, manager.ip = "ipc", str(Path(scratch) / "k")
        try:
            await asyncio.wait_for(client.async_execute(env=_environment(scratch)), seconds)
        finally:
            await _stop(client, manager)


async def _stop(client: Any, manager: Any) -> None:
    """Leave no process and no socket behind, even when the kernel was still starting."""
    if client.kc is not None:
        client.kc.stop_channels()
    if manager.has_kernel:
        await manager.shutdown_kernel(now=True)
    await manager.cleanup_resources()
    manager.context.destroy(linger=0)


def _environment(scratch: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER_", "IPYTHON", "MPL"))}
    folders = dict.fromkeys(("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"), scratch)
    return {**kept, **folders, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
