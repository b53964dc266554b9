"""Cells of the notebook for kinds in which no row is right or wrong by itself: clusters and anomalies."""

PREDICT = """\
columns = {c.name: parse_cells(c, [row.get(c.name) for row in rows]) for c in signature.inputs}
prediction = model.predict(columns)"""

SCORE = """\
from mlwright.delivery.rederive import rescored

for name, (claimed, found) in rescored(here, model).items():
    print(f"{name}: {found:.6f} computed here, {claimed:.6f} in evaluation/scores.json")
    assert np.isclose(found, claimed, rtol=1e-3, atol=1e-3), "the files do not belong together\""""

CLUSTERS = """\
labels, counts = np.unique(prediction.labels.astype(str), return_counts=True)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 1.2 + 0.5 * len(labels)))
left.barh(labels, counts)
left.set(xlabel="held-out rows", title="Rows of each cluster")
right.hist(prediction.probabilities.max(axis=1), bins=np.linspace(0, 1, 21))
right.set(xlabel="membership in the row's own cluster", ylabel="rows", title="How clear the clusters are")
figure.tight_layout()
plt.show()"""

ANOMALIES = """\
truth = np.array([float(row[signature.target]) for row in rows])
figure, axes = plt.subplots(figsize=(7, 3.4))
bins = np.linspace(0, max(prediction.values.max(), signature.threshold) * 1.02, 40)
for answer, name in ((0, "not known to be strange"), (1, "labelled or injected anomaly")):
    axes.hist(prediction.values[truth == answer], bins=bins, alpha=0.6, label=name)
axes.axvline(signature.threshold, color="black", linestyle="--", label="an alarm from here on")
axes.set(xlabel="value (surprise)", ylabel="rows", yscale="symlog", title="Values of the held-out rows")
axes.legend()
plt.show()"""
