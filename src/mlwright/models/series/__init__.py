"""Models that continue a series. All run in numpy alone, so that a service forecasts without any training library.

To add one: a class like those here (`protocol.py`) and one line in `SERIES_MODELS`, simple ones first.
"""

from mlwright.base.registry import Registry

SERIES_MODELS = Registry(
    "model of series",
    group="mlwright.series_models",
    builtin={
        "naive": "mlwright.models.series.simple:Naive",
        "drift": "mlwright.models.series.simple:Drift",
        "seasonal_naive": "mlwright.models.series.simple:SeasonalNaive",
        "long_seasonal_naive": "mlwright.models.series.simple:LongSeasonalNaive",
        "seasonal_mean": "mlwright.models.series.simple:SeasonalMean",
        "theta": "mlwright.models.series.theta:Theta",
        "ets": "mlwright.models.series.ets:Ets",
        "harmonic": "mlwright.models.series.harmonic:Harmonic",
        "arima": "mlwright.models.series.arima:Arima",
    },
)
