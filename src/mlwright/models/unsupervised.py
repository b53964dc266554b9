"""Ways to learn from rows alone: clusters and detectors, stored, mixed and exported like the families of tables."""

from mlwright.base.registry import Registry

UNSUPERVISED = Registry(
    "model without a target",
    group="mlwright.unsupervised_models",
    builtin={
        "one_cluster": "mlwright.models.cluster.centroids:OneCluster",
        "kmeans": "mlwright.models.cluster.centroids:KMeans",
        "agglomerative": "mlwright.models.cluster.centroids:Agglomerative",
        "mixture": "mlwright.models.cluster.mixture:Mixture",
        "hdbscan": "mlwright.models.cluster.density:Density",
        "deviation": "mlwright.models.anomaly.distances:Deviation",
        "mahalanobis": "mlwright.models.anomaly.distances:Mahalanobis",
        "components": "mlwright.models.anomaly.distances:Components",
        "neighbours": "mlwright.models.anomaly.distances:Neighbours",
        "isolation_forest": "mlwright.models.anomaly.forest:IsolationForest",
    },
)
