"""Everything the documents of a delivery need, in plain numbers; the one input of every document.

Nothing here is computed by a document later but formatting, so SUMMARY.md, report.html, the model card and the
configuration always say the same. What does not apply is None or empty and is left out of the documents.
"""

from mlwright.report.blocks import EvidenceEvent, Plain
from mlwright.report.data_facts import DataFacts, FindingFact, SplitFacts
from mlwright.report.model_facts import (
    CandidateFact,
    ExplanationFact,
    ModelFacts,
    NoiseFloorFact,
    PermutationFact,
    ThresholdFact,
)
from mlwright.report.operation_facts import DriftFact, LoadTestFact, ParityFact
from mlwright.report.result_facts import (
    CalibrationFact,
    ConfusionFact,
    CurvesFact,
    FairnessFact,
    HardRowsFact,
    LearningCurveFact,
    MetricFact,
    ResidualFact,
    ScoreFact,
    SlicesFact,
)
from mlwright.report.sections import SectionFact
from mlwright.report.work_facts import (
    Advice,
    AssumptionFact,
    BudgetFact,
    CheckFact,
    DecisionFact,
    EnvironmentFacts,
    FileFact,
    GateFact,
    RequirementFact,
    StepFact,
)


class ReportFacts(Plain):
    """The facts of one delivery.

    Attributes:
        name: Short name of the delivery, as in MANIFEST.json.
        objective: The brief's own words.
        created: When the delivery was made, ISO 8601, "" to leave it out (two runs then give the same bytes).
        run: Identity of the run.
        brief: The completed brief as YAML text.
        scores: Search, selection and test, in this order, those that exist.
        metrics: Further metrics on the test.
        candidates: Baselines too.
        planner: Which planner decided ("expert", "llm").
        watch: What to keep an eye on in operation, a sentence each.
        limits: What the model is not to be used for or does not know.
        files: The files of the delivery.
        evidence: Every event that a block names.
        sections: What only this kind of problem has.
    """

    name: str
    objective: str
    data: DataFacts
    split: SplitFacts
    model: ModelFacts
    scores: tuple[ScoreFact, ...]
    environment: EnvironmentFacts
    created: str = ""
    run: str = ""
    brief: str = ""
    planner: str = "expert"
    requirements: tuple[RequirementFact, ...] = ()
    gates: tuple[GateFact, ...] = ()
    checklist: tuple[CheckFact, ...] = ()
    assumptions: tuple[AssumptionFact, ...] = ()
    steps: tuple[StepFact, ...] = ()
    decisions: tuple[DecisionFact, ...] = ()
    findings: tuple[FindingFact, ...] = ()
    candidates: tuple[CandidateFact, ...] = ()
    noise_floor: NoiseFloorFact | None = None
    metrics: tuple[MetricFact, ...] = ()
    confusion: ConfusionFact | None = None
    curves: CurvesFact | None = None
    calibration: CalibrationFact | None = None
    residuals: ResidualFact | None = None
    slices: SlicesFact | None = None
    hard_rows: HardRowsFact | None = None
    learning_curve: LearningCurveFact | None = None
    threshold: ThresholdFact | None = None
    permutation: PermutationFact | None = None
    explanation: ExplanationFact | None = None
    fairness: tuple[FairnessFact, ...] = ()
    load_test: LoadTestFact | None = None
    parity: ParityFact | None = None
    drift: DriftFact | None = None
    budget: tuple[BudgetFact, ...] = ()
    next_steps: tuple[Advice, ...] = ()
    watch: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    files: tuple[FileFact, ...] = ()
    evidence: tuple[EvidenceEvent, ...] = ()
    sections: tuple[SectionFact, ...] = ()

    def score(self, stage: str) -> ScoreFact | None:
        """Return the headline metric at "search", "selection" or "test"."""
        return next((score for score in self.scores if score.stage == stage), None)

    def unmet(self) -> tuple[str, ...]:
        """Return the names of requirements and gates that were measured and missed."""
        missed = [fact.name for fact in self.requirements if fact.met is False]
        return tuple(missed + [gate.name for gate in self.gates if gate.passed is False])

    def check(self, item: str) -> CheckFact | None:
        """Return a line of the success checklist."""
        return next((check for check in self.checklist if check.item == item), None)
