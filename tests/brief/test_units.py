"""Quantities are read as people write them, and written so that the same comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.base.errors import BriefError
from mlwright.brief.units import (
    parse_bytes,
    parse_dollars,
    parse_number,
    parse_rate,
    parse_seconds,
    write_bytes,
    write_rate,
    write_seconds,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20 ms", 0.02), ("20ms", 0.02), ("60 s", 60), ("5m", 300), ("5 min", 300), ("1.5h", 5400), ("1h 30m", 5400),
        ("1h30m", 5400), ("90", 90), ("1e3 s", 1000), ("2 days", 172800), ("250 µs", 0.00025), ("1,000 s", 1000),
    ],
)  # fmt: skip
def test_times(text: str, seconds: float) -> None:
    assert parse_seconds(text) == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2 GB", 2 * 10**9),
        ("50 MB", 5 * 10**7),
        ("1 KiB", 1024),
        ("1.5GiB", 1610612736),
        ("512", 512),
        ("4g", 4 * 10**9),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize(
    ("text", "rate"),
    [("200 rows/s", 200), ("200/s", 200), ("6000 rows/min", 100), ("200", 200), ("10 rows per second", 10)],
)
def test_rates(text: str, rate: float) -> None:
    assert parse_rate(text) == rate


def test_money_and_percent() -> None:
    assert (parse_dollars("$5"), parse_dollars("2.50 USD"), parse_dollars("0")) == (5, 2.5, 0)
    assert (parse_number("97%"), parse_number("1_000"), parse_number("1,000"), parse_number("1e-3")) == (
        0.97,
        1000,
        1000,
        0.001,
    )


@pytest.mark.parametrize(
    "text", ["", "fast", "20 parsecs", "ms", "1 h and 2", "1 s s", "--5 s", "nan", "inf s", "5 GB"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(BriefError) as caught:
        parse_seconds(text)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["2 apples", "2 GB 3", "GB", "1,00"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(BriefError):
        parse_bytes(text)


@pytest.mark.parametrize("text", ["1,00", "1e999", "0x10", "one", "5 5"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(BriefError):
        parse_number(text)


@given(st.floats(min_value=1e-9, max_value=1e12))
def test_a_time_written_is_read_back_exactly(value: float) -> None:
    assert parse_seconds(write_seconds(value)) == value


@given(st.integers(min_value=0, max_value=10**15))
def test_a_size_written_is_read_back_exactly(value: int) -> None:
    assert parse_bytes(write_bytes(value)) == value


@given(st.floats(min_value=1e-6, max_value=1e12))
def test_a_rate_written_is_read_back_exactly(value: float) -> None:
    assert parse_rate(write_rate(value)) == value


def test_quantities_are_written_as_people_do() -> None:
    assert [write_seconds(v) for v in (0.02, 60, 300, 5400, 7200)] == ["20 ms", "60 s", "5 m", "90 m", "2 h"]
    assert [write_bytes(v) for v in (2 * 10**9, 5 * 10**7, 2**30, 7)] == ["2 GB", "50 MB", "1 GiB", "7 B"]
