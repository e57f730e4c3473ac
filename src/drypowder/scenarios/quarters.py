"""Quarters of the calendar, counted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_NAME = re.compile(r"(\d{4})Q([1-4])")


@dataclass(frozen=True, order=True)
class Quarter:
    """A quarter such as 2026Q1; `number` counts quarters since year zero."""

    name: str

    @staticmethod
    def is_name(text: str) -> bool:
        """Whether the text names a quarter."""
        return bool(_NAME.fullmatch(text))

    @staticmethod
    def numbered(number: int) -> Quarter:
        """The quarter with this count."""
        return Quarter(f"{number // 4:04d}Q{number % 4 + 1}")

    @staticmethod
    def of(day: date) -> Quarter:
        """The quarter that a day lies in."""
        return Quarter(f"{day.year:04d}Q{(day.month + 2) // 3}")

    @property
    def number(self) -> int:
        """Quarters since year zero."""
        return int(self.name[:4]) * 4 + int(self.name[5]) - 1

    @property
    def first_day(self) -> date:
        """First day of the quarter."""
        return date(self.number // 4, 3 * (self.number % 4) + 1, 1)

    @property
    def end(self) -> date:
        """First day after the quarter."""
        return Quarter.numbered(self.number + 1).first_day

    def next(self, count: int = 1) -> Quarter:
        """The quarter `count` later."""
        return Quarter.numbered(self.number + count)
