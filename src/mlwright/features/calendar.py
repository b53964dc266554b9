"""What a calendar says of a moment: hour, weekday, day of the month and of the year, month. In numpy alone."""

from types import MappingProxyType

import numpy as np

from mlwright.data.columns import Array
from mlwright.data.grid import DAY, Grid

_CYCLES_SECONDS = MappingProxyType(
    {"hour": DAY, "weekday": 7 * DAY, "day of month": 31 * DAY, "day of year": 366 * DAY, "month": 366 * DAY}
)


def calendar_parts(grid: Grid, steps: int) -> tuple[str, ...]:
    """Return the parts that vary on a grid and of which a history of so many steps has seen two rounds.

    Example:
        >>> calendar_parts(Grid(unit="second", every=3600), 2000)
        ('hour', 'weekday', 'day of month')
    """
    if not grid.dated:
        return ()
    seconds = {"second": grid.every, "weekday": 1.4 * DAY, "month": grid.every * 30.44 * DAY}[grid.unit]
    fine = [name for name, cycle in _CYCLES_SECONDS.items() if seconds < cycle and seconds * steps >= 2 * cycle]
    # In days, weeks and months the finer parts never change or say the same as a coarser one.
    never = {"hour"} if seconds >= DAY else set[str]()
    never |= {"weekday", "day of month", "day of year"} if seconds >= 28 * DAY else {"month"}
    never |= {"weekday"} if seconds >= 7 * DAY else set[str]()
    return tuple(name for name in fine if name not in never)


def calendar_columns(stamps: Array, parts: tuple[str, ...]) -> dict[str, Array]:
    """Return the parts of some moments (seconds since 1970), float64.

    Example:
        >>> calendar_columns(np.array([0.0, 90000.0]), ("weekday",))["weekday"].tolist()
        [3.0, 4.0]
    """
    days = np.floor_divide(stamps, DAY).astype(np.int64)
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    years = dates.astype("datetime64[Y]")
    found = {
        "hour": (stamps - days * DAY) / 3600.0,
        "weekday": ((days + 3) % 7).astype(np.float64),  # 1970 began on a Thursday; Monday is 0
        "day of month": (dates - months.astype("datetime64[D]")).astype(np.float64) + 1,
        "day of year": (dates - years.astype("datetime64[D]")).astype(np.float64) + 1,
        "month": (months - years.astype("datetime64[M]")).astype(np.float64) + 1,
    }
    return {name: found[name] for name in parts}
