"""How numbers are written for people; every document uses these, so that one number always looks the same."""

import math

from mlwright.report.blocks import Estimate

MINUS = "\N{MINUS SIGN}"


def number(value: float | None, digits: int = 3) -> str:
    """Write a number with about `digits` significant digits and no needless exponent.

    Example:
        >>> number(0.98765), number(1234567.0), number(-0.00001234), number(None), number(12.0)
        ('0.988', '1,234,567', '−1.23e-05', '–', '12')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    size = abs(value)
    if size != 0 and size < 10**-digits:
        text = f"{value:.{digits - 1}e}"
    elif size >= 10**digits or value == int(value):
        text = f"{value:,.0f}"
    else:
        decimals = digits if size < 1 else max(0, digits - len(str(int(size))))
        text = f"{value:.{decimals}f}"
    return text.replace("-", MINUS, 1) if text.startswith("-") else text


def score(value: float | None) -> str:
    """Write a score: three decimals show differences beyond the noise, seven don't mean anything.

    Example:
        >>> score(0.98765), score(1.0), score(-0.0007), score(52.1234)
        ('0.988', '1.000', '−0.001', '52.12')
    """
    if value is None or math.isnan(value) or math.isinf(value):
        return number(value)
    if value != 0 and abs(value) < 5e-4:
        return number(value, 2)
    text = f"{value:.3f}" if abs(value) <= 1 else number(value, 4)
    return text.replace("-", MINUS, 1) if text.startswith("-") else text


def interval(estimate: Estimate | None) -> str:
    """Write a value with its interval.

    Example:
        >>> interval(Estimate(value=0.98, low=0.9512, high=0.9951))
        '0.980 (0.951 to 0.995)'
    """
    if estimate is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return score(estimate.value)
    return f"{score(estimate.value)} ({score(estimate.low)} to {score(estimate.high)})"


def percent(share: float | None) -> str:
    """Write a share.

    Example:
        >>> percent(0.1234), percent(0.0004), percent(1.0), percent(0.0)
        ('12.3 %', '0.04 %', '100 %', '0 %')
    """
    if share is None:
        return "–"
    value = share * 100
    if 0 < value < 0.01:
        return "<0.01 %"
    if 99.95 <= value < 100:
        return ">99.9 %"
    if value in (0.0, 100.0):
        return f"{value:.0f} %"
    return f"{value:.2f} %" if abs(value) < 0.1 else f"{value:.1f} %"


def duration(seconds: float | None) -> str:
    """Write a time.

    Example:
        >>> duration(0.0123), duration(4.21), duration(75), duration(7322)
        ('12 ms', '4.2 s', '1 min 15 s', '2 h 2 min')
    """
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size(size_bytes: float | None) -> str:
    """Write a size in powers of ten.

    Example:
        >>> size(900), size(1_500_000), size(None)
        ('900 B', '1.5 MB', '–')
    """
    if size_bytes is None:
        return "–"
    value, units = float(size_bytes), ["B", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.0f} {units[0]}" if units[0] == "B" or value >= 100 else f"{value:.1f} {units[0]}"


def amount(value: float | None, unit: str) -> str:
    """Write a value in its unit; bytes and seconds are scaled.

    Example:
        >>> amount(2.5e6, "bytes"), amount(61, "s"), amount(8.21, "ms"), amount(0, "usd"), amount(0.97, "")
        ('2.5 MB', '1 min 1 s', '8.21 ms', '$0.00', '0.970')
    """
    if value is None:
        return "not measured"
    if unit in ("bytes", "B"):
        return size(value)
    if unit in ("s", "seconds"):
        return duration(value)
    if unit == "usd":
        return f"${value:,.2f}"
    return f"{number(value)} {unit}".strip()


def words(name: str) -> str:
    """Write a metric's or check's identifier for people.

    Example:
        >>> words("roc_auc"), words("balanced_accuracy"), words("rmse")
        ('ROC AUC', 'balanced accuracy', 'RMSE')
    """
    known = {"roc", "auc", "rmse", "mae", "mape", "mse", "r2", "pr", "ece", "mcc", "psi", "ks", "rmsle", "smape", "f1"}
    text = " ".join(part.upper() if part in known else part for part in name.split("_"))
    return text.replace("R2", "R²").replace("brier", "Brier")
