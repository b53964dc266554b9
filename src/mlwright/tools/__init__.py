"""The verbs of a run, one per file: typed params and named artifacts in, artifacts out.

The only place where a run and the ML rooms meet. A tool never calls a tool and never sees the planner.
To add one: a file with a class like the others, and one line here.
"""

from mlwright.base.registry import Registry

TOOLS = Registry(
    "tool",
    group="mlwright.tools",
    builtin={
        "read": "mlwright.tools.read:Read",
        "read_series": "mlwright.tools.read_series:ReadSeries",
        "split_series": "mlwright.tools.split_series:SplitSeries",
        "train_series": "mlwright.tools.train_series:TrainSeries",
        "select_series": "mlwright.tools.select_series:SelectSeries",
        "export_series": "mlwright.tools.export_series:ExportSeries",
        "evaluate_series": "mlwright.tools.evaluate_series:EvaluateSeries",
        "profile": "mlwright.tools.profile:ProfileTable",
        "split": "mlwright.tools.split:Split",
        "check_leaks": "mlwright.tools.check_leaks:CheckLeaks",
        "train": "mlwright.tools.train:Train",
        "select": "mlwright.tools.select:Select",
        "learning_curve": "mlwright.tools.learning_curve:LearningCurve",
        "export": "mlwright.tools.export:Export",
        "load_test": "mlwright.tools.load_test:LoadTestService",
        "evaluate": "mlwright.tools.evaluate:Evaluate",
        "evaluate_ranking": "mlwright.tools.evaluate_ranking:EvaluateRanking",
        "read_feedback": "mlwright.tools.read_feedback:ReadFeedback",
        "split_feedback": "mlwright.tools.split_feedback:SplitFeedback",
        "train_recommender": "mlwright.tools.train_recommender:TrainRecommender",
        "select_recommender": "mlwright.tools.select_recommender:SelectRecommender",
        "export_recommender": "mlwright.tools.export_recommender:ExportRecommender",
        "evaluate_recommendation": "mlwright.tools.evaluate_recommendation:EvaluateRecommendation",
        "find_anomalies": "mlwright.tools.find_anomalies:FindAnomalies",
        "build_anomalies": "mlwright.tools.build_anomalies:BuildAnomalies",
        "inject_anomalies": "mlwright.tools.inject_anomalies:InjectAnomalies",
        "evaluate_anomalies": "mlwright.tools.evaluate_anomalies:EvaluateAnomalies",
        "read_rows": "mlwright.tools.read_rows:ReadRows",
        "check_rows": "mlwright.tools.check_rows:CheckRows",
        "find_clusters": "mlwright.tools.find_clusters:FindClusters",
        "build_clusters": "mlwright.tools.build_clusters:BuildClusters",
        "evaluate_clusters": "mlwright.tools.evaluate_clusters:EvaluateClusters",
        "explain": "mlwright.tools.explain:Explain",
        "watch": "mlwright.tools.watch:Watch",
        "report": "mlwright.tools.report:Report",
        "track": "mlwright.tools.track:Track",
    },
)
