"""Periods to ask for one by one: those that are over have the same address for ever.

So they are fetched once, answered by 304 or from the raw store afterwards, and found offline.
"""

from __future__ import annotations

from datetime import date


def windows(first: date, today: date, years: int) -> list[tuple[date, date | None]]:
    """Whole blocks of calendar years from the one that holds `first`; the last one has no end.

    Args:
        years: in a block; blocks begin in years that are multiples of it.
    """
    starts = range(first.year - first.year % years, today.year + 1, years)
    ends = [date(start + years - 1, 12, 31) for start in starts]
    return [
        (date(start, 1, 1), end if end < today else None)
        for start, end in zip(starts, ends, strict=True)
    ]
