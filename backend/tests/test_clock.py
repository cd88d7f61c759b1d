from datetime import UTC, datetime, timedelta, timezone

import pytest

from backend.clock import as_utc, to_wire, utc_now


def test_now_is_aware_and_utc() -> None:
    assert utc_now().tzinfo is UTC


def test_a_time_of_another_zone_becomes_the_same_moment_in_utc() -> None:
    moment = datetime(2026, 3, 29, 3, 30, tzinfo=timezone(timedelta(hours=2)))
    assert as_utc(moment) == moment
    assert to_wire(moment) == "2026-03-29T01:30:00+00:00"


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        as_utc(datetime(2026, 3, 29, 3, 30))  # noqa: DTZ001
