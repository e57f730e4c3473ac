"""How a claim can lose: written down first, measured apart, judged by rule.

A claim is one file `cNN_slug.py` with a `REGISTRATION` and a `measure(known) -> Finding`. Its
sentences are the table `[NN]` of `report/words/en/claims.toml` (title, hypothesis, null, window,
vintage, statistic, stopping, change, size; labels of its parts under `[NN.parts]`, what to beware
of under `[NN.caveats]`); they enter the hash.

Sign: effects keep their natural sign; `direction` says which one the essay predicts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from drypowder.data import Known

HOLDS, LEANS_FOR, CANNOT_SAY, LEANS_AGAINST, FAILS = (
    "holds", "leans_for", "cannot_say", "leans_against", "fails",
)  # fmt: skip
VERDICTS = (FAILS, LEANS_AGAINST, CANNOT_SAY, LEANS_FOR, HOLDS)  # from worst to best
PART, CONTROL, PLACEBO = "part", "control", "placebo"
REGISTERED_ON = date(2026, 11, 23)  # all fifteen; after their first window, as each page says
ESSAY_DAY = date(2026, 2, 6)
LAST_DAY = date(2026, 8, 21)  # of the figures that the authors had seen
OIL_NEUTRAL_DAY = date(2026, 6, 30)  # Brent back at its price of the essay's day
SECOND_LOOK = date(2027, 2, 6)


class TooFewError(Exception):
    """So few observations that the statistic of a claim does not exist: it cannot say."""

    def __init__(self, observations: int) -> None:
        self.observations = observations
        super().__init__(f"{observations} observations are too few")


@dataclass(frozen=True)
class Registration:
    """What was decided before the answer was computed; its hash is printed with each verdict."""

    number: int  # of the claim in the essay, 1 to 15
    slug: str
    needs: tuple[str, ...]  # series without which nothing can be said
    window: tuple[date, date]  # first and last observed day that may enter
    stop_on: date  # the second and last look; none in between counts
    direction: int  # +1 or -1: the sign of the effect that the essay predicts
    smallest_effect: float  # above zero, in `unit`: below it the claim is economically void
    unit: str  # key of `claims.units`
    fewest: int  # observations below which nothing can be said
    level: float = 0.10  # two-sided, so the interval covers 90 %
    optional: tuple[str, ...] = ()  # series of controls, placebos and extra parts
    registered_on: date = REGISTERED_ON

    def __post_init__(self) -> None:
        if self.direction not in (-1, 1) or not self.smallest_effect > 0.0 or self.fewest < 1:
            raise ValueError(f"claim {self.number}: direction, smallest_effect or fewest is off")
        if not 0.0 < self.level < 1.0 or self.window[0] >= self.window[1]:
            raise ValueError(f"claim {self.number}: level or window is off")

    def require(self, observations: int) -> None:
        """Raises: TooFewError below the fewest observations registered."""
        if observations < self.fewest:
            raise TooFewError(observations)


@dataclass(frozen=True)
class Part:
    """A supporting number: part of the effect, a control, or a placebo."""

    key: str  # label: `claims.NN.parts.<key>`
    value: float
    low: float | None = None
    high: float | None = None
    unit: str = ""  # of the registration, when empty
    kind: str = PART
    p_value: float | None = None
    observations: int | None = None


@dataclass(frozen=True)
class Finding:
    """What was measured; nothing is judged in it. Natural signs, in the unit registered."""

    effect: float
    low: float  # lower end of the interval at the registered level
    high: float
    observations: int
    first: date  # observed day of the earliest and the latest figure that entered
    last: date
    p_value: float | None = None
    parts: tuple[Part, ...] = ()
    caveats: tuple[str, ...] = ()  # keys of `claims.NN.caveats`, else of `claims.caveats`


@dataclass(frozen=True)
class Verdict:
    """A finding and the word that the rule gives it."""

    word: str  # one of VERDICTS
    registration: Registration
    finding: Finding | None = None  # None: data are missing
    missing: tuple[str, ...] = ()  # series to pull
    observations: int = 0


class Claim(Protocol):
    """A module of this folder; `FIELD` in it, if any, names the series of a field that it reads."""

    REGISTRATION: Registration

    def measure(self, known: Known) -> Finding:
        """Look, without judging.

        Raises:
            DataMissingError: for a needed series of which nothing is known.
            TooFewError: where too little is known for the statistic to exist.
        """
        ...


def judge(registration: Registration, finding: Finding) -> Verdict:
    """The word that an interval deserves; nothing but the interval is looked at.

    With effects turned so that + is what the essay says, and s the smallest effect that matters:
    fails when the whole interval is below s; holds when all of it is above s; leans for when all
    of it is above 0; leans against when even one standard error above the estimate is below s;
    otherwise, and with fewer observations than registered, cannot say. A higher estimate or a
    higher end of the interval never makes the word worse.
    """
    effect, low, high = finding.effect, finding.low, finding.high
    if registration.direction < 0:
        effect, low, high = -effect, -high, -low
    word = CANNOT_SAY
    if finding.observations >= registration.fewest and all(map(math.isfinite, (effect, low, high))):
        word = _word(effect, low, high, registration.smallest_effect, registration.level)
    return Verdict(word, registration, finding, observations=finding.observations)


def _word(effect: float, low: float, high: float, smallest: float, level: float) -> str:
    if high < smallest:
        return FAILS
    if low > smallest:
        return HOLDS
    if low > 0.0:
        return LEANS_FOR
    one_error_above = effect + (high - effect) / _errors_in(level)
    return LEANS_AGAINST if one_error_above < smallest else CANNOT_SAY


@lru_cache(maxsize=8)
def _errors_in(level: float) -> float:
    """Standard errors between the estimate and the end of its interval, were it normal."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(1.0 - level / 2.0)
