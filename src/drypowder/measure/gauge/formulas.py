"""What each part measures, from prints to one value a day. Signs are the part's natural ones.

A formula takes the prints of its series in the order of `parts.toml`, and the days; where a print
is absent or too old the value is not a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from drypowder.measure.gauge.prints import Days, Prints, Values, denominator

_BP = 100.0  # basis points in a percentage point
_YEAR, _QUARTERS = np.timedelta64(365, "D"), 4


@dataclass(frozen=True)
class Inputs:
    """The series of a part, by the name written in its entry, with what the formula needs."""

    found: Mapping[str, Prints]  # absent: nothing is known
    series: tuple[str, ...]  # as resolved: one name an input, "{firm}" left in
    carry_days: int
    options: Mapping[str, Any]
    growth_pa: Mapping[str, float]  # of dated figures, by series
    numbers: Mapping[str, float]  # of gauge.toml
    deals: Mapping[str, Prints]  # single deals, by `debt:FIRM` and `shares:FIRM`

    def prints(self, place: int) -> Prints | None:
        """The series of an input, None if nothing is known of it."""
        return self.found.get(self.series[place])

    def firm(self, place: int, name: str) -> Prints | None:
        """The series of an input for one firm."""
        return self.found.get(self.series[place].replace("{firm}", name))

    @property
    def firms(self) -> Sequence[str]:
        """Who is summed."""
        return self.options["firms"]


def level(given: Inputs, days: Days) -> Values:
    """A stock as it stands, or its mean over the last days. USD bn."""
    prints = given.prints(0)
    if prints is None:
        return _nothing(days)
    span = given.options.get("average_days")
    return prints.mean(days, span, given.carry_days) if span else prints.at(days, given.carry_days)


def above_share(given: Inputs, days: Days) -> Values:
    """A stock above what is needed: reserves less a share of bank assets. USD bn."""
    stock, base = given.prints(0), given.prints(1)
    if stock is None or base is None:
        return _nothing(days)
    needed = given.numbers["satiation_share"] * _base(given, base, days)
    return stock.at(days, given.carry_days) - needed


def change(given: Inputs, days: Days) -> Values:
    """What was added over a span of days. USD bn."""
    prints = given.prints(0)
    if prints is None:
        return _nothing(days)
    before = days - np.timedelta64(given.options["span_days"], "D")
    return prints.at(days, given.carry_days) - prints.at(before, given.carry_days)


def spread(given: Inputs, days: Days) -> Values:
    """A rate over another of the same day, mean over the last days. Basis points."""
    above, below = given.prints(0), given.prints(1)
    if above is None or below is None or not len(below):
        return _nothing(days)
    prints = difference_bp(above, below, given.options["within_days"])
    return prints.mean(days, given.options["average_days"], given.carry_days)


def difference_bp(above: Prints, below: Prints, within_days: int) -> Prints:
    """Day by day: the print of `below` of that day or the nearest one, both of few days."""
    after = np.minimum(np.searchsorted(below.observed_on, above.observed_on), len(below) - 1)
    before = np.maximum(after - 1, 0)
    gaps = [np.abs((above.observed_on - below.observed_on[k]).astype(int)) for k in (after, before)]
    nearest = np.where(gaps[0] <= gaps[1], after, before)
    kept = np.minimum(*gaps) <= within_days
    values = _BP * (above.values - below.values[nearest])
    known = np.maximum(above.known_on, below.known_on[nearest])
    return Prints(f"{above.name}-{below.name}", above.observed_on[kept], known[kept], values[kept])


def share_of(given: Inputs, days: Days) -> Values:
    """A stock over a larger one. Share."""
    part, whole = given.prints(0), given.prints(1)
    if part is None or whole is None:
        return _nothing(days)
    mean = part.mean(days, given.options["average_days"], given.carry_days)
    return mean / _base(given, whole, days)


def ratio(given: Inputs, days: Days) -> Values:
    """A stock over another as they stand. Share."""
    part, whole = given.prints(0), given.prints(1)
    if part is None or whole is None:
        return _nothing(days)
    return part.at(days, given.carry_days) / whole.at(days, given.carry_days)


def coverage(given: Inputs, days: Days) -> Values:
    """Own money a year per dollar spent: cash and a year's operating cash flow over capex."""
    own, spent = np.zeros(len(days)), np.zeros(len(days))
    for firm in given.firms:
        own += _stock(given.firm(0, firm), given, days) + _year(given.firm(1, firm), given, days)
        spent += _year(given.firm(2, firm), given, days)
    return own / spent


def raised_share(given: Inputs, days: Days) -> Values:
    """Debt and shares that firms placed in a year over the money there is. Share."""
    money = given.prints(2)
    if money is None:
        return _nothing(days)
    return raised(given, days) / money.at(days, given.carry_days)


def raised(given: Inputs, days: Days) -> Values:
    """Debt and shares that firms placed in the year to each day. USD bn.

    A firm's debt is what it grew by since a year before, to its last balance sheet, and deals
    since; or what it says it issued, or the deals known in that year, if they are more. Less debt
    counts as none placed. Not a number where the debt of too few firms is known.
    """
    total, told = np.zeros(len(days)), np.zeros(len(days), int)
    for firm in given.firms:
        stock, deals = given.firm(0, firm), given.deals.get(f"debt:{firm}")
        grown = _nothing(days) if stock is None else _grown(stock, deals, given, days)
        told += np.isfinite(grown)
        said = [_within_year(flow, days) for flow in (given.firm(1, firm), deals)]
        total += np.maximum.reduce([np.nan_to_num(grown), *said])
        total += _within_year(given.deals.get(f"shares:{firm}"), days)
    return np.where(told >= given.options["fewest_firms"], total, np.nan)


def _grown(stock: Prints, deals: Prints | None, given: Inputs, days: Days) -> Values:
    """Growth of a debt since a year before, never below zero, and deals after its last print."""
    before = stock.at(days - _YEAR, given.carry_days)
    grown = np.maximum(stock.at(days, given.carry_days) - before, 0.0)
    since = 0.0 if deals is None else deals.total(days) - deals.total(_latest_day(stock, days))
    return grown + since


def _within_year(flow: Prints | None, days: Days) -> Values:
    """The sum of a flow over the year that ends on each day."""
    return np.zeros(len(days)) if flow is None else flow.total(days) - flow.total(days - _YEAR)


def _latest_day(prints: Prints, days: Days) -> Days:
    """Of the latest print on each day; of the first one before there is any."""
    return prints.observed_on[np.maximum(prints.place(days), 0)]


FORMULAS: Mapping[str, Callable[[Inputs, Days], Values]] = {
    each.__name__: each
    for each in (level, above_share, change, spread, share_of, ratio, coverage, raised_share)
}


def _stock(prints: Prints | None, given: Inputs, days: Days) -> Values:
    return _nothing(days) if prints is None else prints.at(days, given.carry_days)


def _year(prints: Prints | None, given: Inputs, days: Days) -> Values:
    """The last four quarters; not a number where there are not so many."""
    if prints is None:
        return _nothing(days)
    return prints.quarters(days, _QUARTERS, given.carry_days)


def _base(given: Inputs, prints: Prints, days: Days) -> Values:
    growth = given.growth_pa.get(prints.name, 0.0)
    carry = given.options.get("base_carry_days", given.carry_days)
    return denominator(prints, days, growth, carry)


def _nothing(days: Days) -> Values:
    return np.full(len(days), np.nan)
