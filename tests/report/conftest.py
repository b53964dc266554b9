"""A realistic `ReportFacts`, made by hand from scikit-learn's tumour table."""

import time

import numpy as np
import pytest

from mlwright.data.schema import Column, SemanticType
from mlwright.explain.codes import CodeTable
from mlwright.explain.explanation import Explanation
from mlwright.explain.found import Found
from mlwright.explain.found import Work as Done
from mlwright.report import data_facts, model_facts, operation_facts, result_facts, work_facts
from mlwright.report.blocks import Count, Estimate, EvidenceEvent, Histogram, Series
from mlwright.report.facts import ReportFacts

CLASSES = ("benign", "malignant")


@pytest.fixture(scope="session")
def facts() -> ReportFacts:
    return tumour_facts()


def histogram(values, bins=16) -> Histogram:
    counts, edges = np.histogram(values, bins)
    return Histogram(edges=tuple(map(float, edges)), counts=tuple(map(int, counts)))


def bootstrap(metric, y, p, seed=0) -> Estimate:
    draw = np.random.default_rng(seed)
    values = []
    for _ in range(60):
        rows = draw.integers(0, len(y), len(y))
        if len(set(y[rows])) == 2:
            values.append(metric(y[rows], p[rows]))
    low, high = np.quantile(values, [0.025, 0.975])
    return Estimate(value=float(metric(y, p)), low=float(low), high=float(high))


class Work:
    """Real models on the real table, all that the facts are taken from."""

    def __init__(self) -> None:
        from sklearn.datasets import load_breast_cancer
        from sklearn.dummy import DummyClassifier
        from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.metrics import roc_auc_score
        from sklearn.model_selection import cross_val_predict, train_test_split
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        table = load_breast_cancer(as_frame=True)
        self.X, self.y = table.data, 1 - table.target.to_numpy()
        self.train, self.test = train_test_split(np.arange(len(self.y)), test_size=0.2, stratify=self.y, random_state=0)
        self.kinds = {
            "dummy": DummyClassifier(),
            "linear": make_pipeline(StandardScaler(), LogisticRegression(C=0.5)),
            "random_forest": RandomForestClassifier(40, random_state=0),
            "extra_trees": ExtraTreesClassifier(40, random_state=0),
            "hist_boosting": HistGradientBoostingClassifier(max_iter=30, random_state=0),
        }
        X, y = self.X.to_numpy()[self.train], self.y[self.train]
        self.oof, self.seconds, self.latency = {}, {}, {}
        for name, kind in self.kinds.items():
            start = time.perf_counter()
            self.oof[name] = cross_val_predict(kind, X, y, cv=3, method="predict_proba")[:, 1]
            self.seconds[name] = time.perf_counter() - start
            kind.fit(X, y)
            start = time.perf_counter()
            kind.predict_proba(X[:1])
            self.latency[name] = 1000 * (time.perf_counter() - start)
        self.auc = roc_auc_score
        self.p = self.kinds["linear"].predict_proba(self.X.to_numpy()[self.test])[:, 1]
        self.truth = self.y[self.test]
        self.inputs = [Column(name=name, type=SemanticType.NUMBER) for name in self.X.columns]

    def columns(self, rows) -> dict[str, np.ndarray]:
        return {name: self.X[name].to_numpy()[rows] for name in self.X.columns}

    def predict(self, columns) -> np.ndarray:
        return self.kinds["linear"].predict_proba(np.column_stack([columns[name] for name in self.X.columns]))


def tumour_facts() -> ReportFacts:
    work = Work()
    return ReportFacts(
        name="tumour",
        objective="Tell malignant from benign tumours by the measurements of a cell sample",
        run="tumour-7f3a",
        brief="objective: Tell malignant from benign tumours\ndata:\n  target: diagnosis\n",
        **_asked(work),
        **_data(work),
        **_models(work),
        **_results(work),
        **_operation(work),
    )


def _asked(work) -> dict:
    auc = bootstrap(work.auc, work.truth, work.p)
    need, event = work_facts.RequirementFact, 14
    checks = {
        "requirements met": ("3 of 3 requirements and 1 of 1 gates", "evaluation/scores.json", 14),
        "evaluated": ("sealed test of 114 rows, opened once", "evaluation/scores.json", 14),
        "tested": ("9 tests of the service pass", "service/tests/test_service.py", 18),
        "deployable": ("the service booted in a clean process and answered 2,000 requests", "service/app.py", 16),
        "monitored": ("an injected shift raised an alarm, a fresh sample did not", "monitoring/monitor.toml", 17),
        "documented": ("summary, report, model card, data card, notebook", "model_card.md", 19),
        "secure": ("no pickle; inputs checked; container runs without root", "service/Dockerfile", 18),
        "cost considered": ("$0.00 spent; one CPU core serves 811 rows/s", "evaluation/load_test.json", 16),
    }
    steps = [
        ("read", "read_table", 0.0, 0.3, "569 rows, 31 columns"),
        ("profile", "profile", 0.3, 0.4, "no missing cells"),
        ("check leaks", "check_leaks", 0.7, 0.9, "nothing found"),
        ("split", "split", 1.6, 0.1, "455 + 114 rows, sealed"),
        ("baselines", "train", 1.7, 1.9, "linear 0.993"),
        ("search", "tune", 3.6, 22.0, "36 trials of 5 families"),
        ("select", "select", 25.6, 0.6, "linear stays: the others are within the noise"),
        ("export", "export", 26.2, 1.1, "ONNX, 31 kB"),
        ("evaluate", "evaluate", 27.3, 2.2, "ROC AUC 0.99"),
        ("explain", "explain", 29.5, 3.4, "60 rows"),
        ("load test", "load_test", 32.9, 5.2, "p95 8.2 ms"),
        ("monitor", "drift_test", 38.1, 0.8, "alarm raised, no false one"),
        ("document", "document", 38.9, 2.6, "5 documents"),
    ]
    return {
        "requirements": (
            need(
                name="roc_auc",
                op=">=",
                wanted=0.97,
                measured=auc.value,
                low=auc.low,
                high=auc.high,
                met=auc.value >= 0.97,
                where="test, 114 rows",
                event=event,
            ),
            need(
                name="latency p95",
                op="<=",
                wanted=20,
                measured=8.2,
                unit="ms",
                met=True,
                where="load test, one row a request",
                event=16,
            ),
            need(
                name="throughput",
                op=">=",
                wanted=200,
                measured=811,
                unit="rows/s",
                met=True,
                where="load test, 4 connections",
                event=16,
            ),
            need(
                name="size", op="<=", wanted=50e6, measured=31e3, unit="bytes", met=True, where="model.onnx", event=11
            ),
        ),
        "gates": (
            work_facts.GateFact(
                name="recall", condition="recall >= 0.9 at precision 0.9", measured=0.952, passed=True, event=14
            ),
        ),
        "checklist": tuple(
            work_facts.CheckFact(item=item, passed=True, evidence=text, file=file, event=seq)
            for item, (text, file, seq) in checks.items()
        ),
        "assumptions": (
            work_facts.AssumptionFact(
                field="kind",
                value="classification",
                why="The target diagnosis has two distinct string values.",
                event=1,
            ),
            work_facts.AssumptionFact(
                field="split.test_share",
                value="0.2",
                why="With 569 rows a fifth is enough for an interval of ±0.02.",
                event=1,
            ),
        ),
        "steps": tuple(
            work_facts.StepFact(name=n, tool=t, start=s, seconds=d, result=r, event=3 + i)
            for i, (n, t, s, d, r) in enumerate(steps)
        ),
        "decisions": (
            work_facts.DecisionFact(
                what="The linear model is delivered.",
                why="No candidate beats it by more than the noise floor, and it is the simplest.",
                rejected="An ensemble of four families: 0.001 better, ten times slower.",
                event=10,
            ),
        ),
        "budget": (
            work_facts.BudgetFact(name="seconds", spent=41.5, limit=60, unit="s", event=20),
            work_facts.BudgetFact(name="memory", spent=6.1e8, limit=4e9, unit="bytes", event=20),
            work_facts.BudgetFact(name="money", spent=0, limit=0, unit="usd", event=20),
        ),
        "environment": work_facts.EnvironmentFacts(
            python="3.11.9",
            platform="Linux x86_64",
            cpus=2,
            memory_bytes=24_000_000_000,
            mlwright="0.1.0",
            packages={"numpy": "2.3.1", "scikit-learn": "1.9.0", "onnxruntime": "1.32.0"},
            seeds={"brief": 0, "split": 1185},
            hashes={"data": "ab" * 32, "model": "cd" * 32},
            event=2,
        ),
        "next_steps": (
            work_facts.Advice(
                what="Collect 500 more malignant samples.", why="The learning curve still rises at 455 rows."
            ),
        ),
        "watch": ("Recall of malignant samples: one missed in twenty is the limit.", "Drift of worst concave points."),
        "limits": ("Not a diagnosis: the samples come from one hospital.",),
        "files": (
            work_facts.FileFact(path="model/model.onnx", what="the whole pipeline", size_bytes=31_000),
            work_facts.FileFact(path="service/app.py", what="the service", size_bytes=2_100),
        ),
        "evidence": tuple(
            EvidenceEvent(
                seq=seq,
                kind="step.done",
                step=steps[min(max(seq - 3, 0), len(steps) - 1)][0],
                seconds=2.0 * seq,
                hash=f"{seq * 7919:064x}",
                summary="stored its outputs",
            )
            for seq in range(1, 21)
        ),
    }


def _data(work) -> dict:
    columns = [
        data_facts.ColumnFact(
            name=name,
            type="number",
            distinct=int(work.X[name].nunique()),
            minimum=float(work.X[name].min()),
            mean=float(work.X[name].mean()),
            maximum=float(work.X[name].max()),
            histogram=histogram(work.X[name]),
        )
        for name in work.X.columns
    ]
    classes = tuple(Count(name=CLASSES[k], count=int((work.y == k).sum())) for k in (0, 1))
    columns.append(data_facts.ColumnFact(name="diagnosis", type="category", role="target", distinct=2, top=classes))
    return {
        "data": data_facts.DataFacts(
            source="sample://breast_cancer",
            sha256="ab" * 32,
            rows=569,
            target="diagnosis",
            columns=tuple(columns),
            classes=classes,
            event=3,
        ),
        "split": data_facts.SplitFacts(
            strategy="stratified",
            why="no group or time column",
            train_rows=455,
            test_rows=114,
            folds=3,
            event=6,
        ),
        "findings": (
            data_facts.FindingFact(
                check="near duplicates of columns",
                severity="warning",
                columns=("mean radius", "mean perimeter"),
                message="mean radius and mean perimeter are correlated at 0.998.",
                hint="Keep both if a person reads the explanation; either alone would do.",
                event=4,
            ),
            data_facts.FindingFact(
                check="leaks", severity="info", message="No column tells the target by itself.", event=5
            ),
        ),
    }


def _models(work) -> dict:
    y = work.y[work.train]
    status = {"dummy": "baseline", "linear": "chosen"}
    why = {"linear": "simplest within the noise floor", "dummy": "the floor that every model must beat"}
    members = (model_facts.MemberFact(family="linear", weight=1.0, estimators=3, params={"C": "0.5"}),)
    explanation = _explanation(work)
    return {
        "model": model_facts.ModelFacts(
            name="tumour",
            version="3fa9c1d2",
            task="binary",
            members=members,
            inputs=30,
            classes=CLASSES,
            positive="malignant",
            threshold=0.41,
            preparation=("30 numbers, scaled by the training part's median and spread",),
            calibration="isotonic, on out-of-fold predictions",
            size_bytes=31_000,
            event=10,
        ),
        "candidates": tuple(
            model_facts.CandidateFact(
                name=name,
                family=name,
                score=bootstrap(work.auc, y, p),
                seconds=work.seconds[name],
                latency_ms=work.latency[name],
                status=status.get(name, "rejected"),
                why=why.get(name, "not beyond the noise floor, and slower"),
                event=9,
            )
            for name, p in work.oof.items()
        ),
        "noise_floor": model_facts.NoiseFloorFact(metric="roc_auc", value=0.0021, repeats=5, event=9),
        "threshold": model_facts.ThresholdFact(
            threshold=0.41,
            objective="f1",
            value=0.962,
            default_value=0.955,
            curve=_f1_curve(y, work.oof["linear"]),
            event=10,
        ),
        "permutation": model_facts.PermutationFact(
            metric="roc_auc",
            repeats=5,
            columns=tuple(
                model_facts.ColumnImportance(
                    column=item.column,
                    importance=Estimate(value=item.share / 10, low=item.share / 15, high=item.share / 8),
                )
                for item in explanation.importance
            ),
            event=14,
        ),
        "explanation": model_facts.ExplanationFact(explanation=explanation, event=12),
    }


def _explanation(work) -> Explanation:
    """Without shap, which takes seconds to load: a linear model's terms, scaled to its probabilities."""
    rows = work.test[:60]
    X = work.X.to_numpy()
    terms = (X[rows] - X[work.train].mean(axis=0)) / X[work.train].std(axis=0) * work.kinds["linear"][1].coef_[0]
    base = float(work.y[work.train].mean())
    p = work.p[:60]
    total = terms.sum(axis=1)
    values = terms * ((p - base) / np.where(np.abs(total) < 0.1, 0.1, total))[:, None]
    p = base + values.sum(axis=1)
    columns = work.columns(rows)
    table = CodeTable.of([columns], work.inputs)
    done = Done(np.arange(60), values[:, :, None], np.array([base]), p[:, None], "done")
    found = Found(table, columns, done, ("malignant",))
    return Explanation(
        method="permutation",
        outputs=("malignant",),
        base=(base,),
        rows=60,
        rows_asked=60,
        background_rows=40,
        permutations=2,
        predictions=150_000,
        stopped="done",
        additivity_error=0.0,
        seed=0,
        importance=found.importance(),
        local=found.local(np.abs(work.truth[:60] - p), ()),
        dependence=found.dependence(6),
    )


def _f1_curve(y, p) -> Series:
    from sklearn.metrics import f1_score

    grid = np.linspace(0.05, 0.95, 31)
    return Series(x=tuple(grid), y=tuple(float(f1_score(y, p >= t)) for t in grid))


def _results(work) -> dict:
    from sklearn.metrics import (
        accuracy_score,
        average_precision_score,
        brier_score_loss,
        confusion_matrix,
        precision_recall_curve,
        recall_score,
        roc_curve,
    )

    y, p = work.truth, work.p
    train_y, oof = work.y[work.train], work.oof["linear"]
    fpr, tpr, _ = roc_curve(y, p)
    precision, recall, _ = precision_recall_curve(y, p)
    score, metric = result_facts.ScoreFact, result_facts.MetricFact
    best = max(bootstrap(work.auc, train_y, o).value for o in work.oof.values())
    area = work.X["worst area"].to_numpy()[work.test]
    wide = {
        "worst area, lowest third": area < np.quantile(area, 0.66),
        "worst area, highest third": area >= np.quantile(area, 0.66),
    }
    overall = float(accuracy_score(y, p > 0.41))
    loss = -np.log(np.where(y == 1, p, 1 - p))
    return {
        "scores": (
            score(
                stage="search",
                metric="roc_auc",
                direction="maximise",
                estimate=Estimate(value=best),
                basis="best of 36 trials, 3 folds",
                rows=455,
                event=9,
            ),
            score(
                stage="selection",
                metric="roc_auc",
                direction="maximise",
                estimate=bootstrap(work.auc, train_y, oof),
                basis="out-of-fold rows of the training part",
                rows=455,
                event=10,
            ),
            score(
                stage="test",
                metric="roc_auc",
                direction="maximise",
                estimate=bootstrap(work.auc, y, p),
                basis="sealed test, opened once",
                rows=114,
                event=14,
            ),
        ),
        "metrics": (
            metric(
                metric="accuracy",
                direction="maximise",
                estimate=bootstrap(lambda a, b: accuracy_score(a, b > 0.41), y, p),
                event=14,
            ),
            metric(
                metric="recall",
                direction="maximise",
                estimate=bootstrap(lambda a, b: recall_score(a, b > 0.41), y, p),
                event=14,
            ),
            metric(metric="brier", direction="minimise", estimate=bootstrap(brier_score_loss, y, p), event=14),
        ),
        "confusion": result_facts.ConfusionFact(
            classes=CLASSES, counts=tuple(tuple(map(int, row)) for row in confusion_matrix(y, p > 0.41)), event=14
        ),
        "curves": result_facts.CurvesFact(
            roc=(Series(name="malignant", x=tuple(map(float, fpr)), y=tuple(map(float, tpr))),),
            precision_recall=(Series(name="malignant", x=tuple(map(float, recall)), y=tuple(map(float, precision))),),
            roc_auc=float(work.auc(y, p)),
            average_precision=float(average_precision_score(y, p)),
            base_rate=float(y.mean()),
            event=14,
        ),
        "calibration": _calibration(y, p),
        "slices": result_facts.SlicesFact(
            metric="accuracy",
            overall=overall,
            worst=tuple(
                result_facts.SliceFact(
                    column="worst area",
                    group=name.split(", ")[1],
                    rows=int(rows.sum()),
                    score=bootstrap(lambda a, b: accuracy_score(a, b > 0.41), y[rows], p[rows]),
                    gap=float(accuracy_score(y[rows], p[rows] > 0.41)) - overall,
                )
                for name, rows in wide.items()
            ),
            event=14,
        ),
        "hard_rows": result_facts.HardRowsFact(
            rows=tuple(
                result_facts.HardRow(
                    row=int(i),
                    actual=CLASSES[y[i]],
                    predicted=f"{CLASSES[int(p[i] > 0.41)]} ({p[i]:.2f})",
                    loss=float(loss[i]),
                    cells={
                        name: f"{work.X[name].to_numpy()[work.test][i]:.4g}" for name in ("worst area", "worst texture")
                    },
                )
                for i in np.argsort(-loss)[:5]
            ),
            event=14,
        ),
        "learning_curve": result_facts.LearningCurveFact(
            metric="roc_auc",
            curve=Series(
                x=(57, 114, 228, 455),
                y=(0.975, 0.984, 0.990, 0.993),
                low=(0.955, 0.973, 0.983, 0.988),
                high=(0.99, 0.993, 0.996, 0.997),
            ),
            verdict="More rows still help a little.",
            event=13,
        ),
        "fairness": (
            result_facts.FairnessFact(
                attribute="hospital",
                groups=(
                    result_facts.GroupFact(
                        group="A", rows=60, rates={"selection rate": 0.38, "true positive rate": 0.96}
                    ),
                    result_facts.GroupFact(
                        group="B", rows=54, rates={"selection rate": 0.35, "true positive rate": 0.93}
                    ),
                ),
                measures=(result_facts.MeasureFact(name="equalized_odds", value=0.03, limit=0.1, passed=True),),
                event=14,
            ),
        ),
    }


def _calibration(y, p) -> result_facts.CalibrationFact:
    bins = np.clip((p * 8).astype(int), 0, 7)
    used = [b for b in range(8) if (bins == b).any()]
    x = [float(p[bins == b].mean()) for b in used]
    share = [float(y[bins == b].mean()) for b in used]
    count = [int((bins == b).sum()) for b in used]
    half = [1.0 / np.sqrt(c + 1) / 2 for c in count]
    return result_facts.CalibrationFact(
        curve=Series(
            x=tuple(x),
            y=tuple(share),
            low=tuple(max(0.0, s - h) for s, h in zip(share, half, strict=True)),
            high=tuple(min(1.0, s + h) for s, h in zip(share, half, strict=True)),
        ),
        counts=tuple(count),
        error=float(np.average(np.abs(np.array(x) - share), weights=count)),
        event=14,
    )


def _operation(work) -> dict:
    latencies = np.random.default_rng(0).gamma(9, 0.6, 2000)
    return {
        "load_test": operation_facts.LoadTestFact(
            requests=2000,
            connections=4,
            latency_p50_ms=5.2,
            latency_p95_ms=8.2,
            latency_p99_ms=11.4,
            rows_per_second=811,
            histogram=histogram(latencies, 30),
            server="2 CPU cores, one worker",
            event=16,
        ),
        "parity": operation_facts.ParityFact(rows=114, max_abs_difference=2.1e-7, gate=1e-4, passed=True, event=11),
        "drift": operation_facts.DriftFact(
            shifted_column="worst area",
            fresh_alarm=False,
            shifted_alarm=True,
            fresh={"worst area": 0.03, "mean texture": 0.05, "worst concave points": 0.02},
            shifted={"worst area": 1.42, "mean texture": 0.05, "worst concave points": 0.02},
            statistic="PSI",
            alarm_at=0.2,
            passed=True,
            event=17,
        ),
    }
