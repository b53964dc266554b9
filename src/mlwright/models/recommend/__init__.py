"""Recommenders: who will like what. One file per family, registered here; all end as the same plain arrays.

Every fitted recommender is a `Part`: a vector a user, a vector an item, and a way to make a user's vector from a list
of items alone. The score of a pair is the product of their vectors, so any of them, and any mix, is one lookup and one
product: in numpy, and in ONNX.
"""

from mlwright.base.registry import Registry

RECOMMENDERS = Registry(
    "recommender",
    group="mlwright.recommenders",
    builtin={
        "popularity": "mlwright.models.recommend.popularity:Popularity",
        "item_knn": "mlwright.models.recommend.item_knn:ItemKnn",
        "ease": "mlwright.models.recommend.ease:Ease",
        "als": "mlwright.models.recommend.als:ImplicitAls",
        "rating_means": "mlwright.models.recommend.ratings:RatingMeans",
        "rating_als": "mlwright.models.recommend.ratings:RatingAls",
    },
)
