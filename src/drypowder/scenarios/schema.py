"""What a scenario file may say. Every amount has a unit, every announcement a date and a source.

Keys that are not here are refused, so that a slip of the pen never passes in silence.
"""

from __future__ import annotations

import math
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic_core import PydanticCustomError

from drypowder.accounts.economy import default_economy
from drypowder.scenarios._words import decimal_meant, no_such
from drypowder.scenarios.clock import LONGEST_YEARS
from drypowder.scenarios.levers import levers
from drypowder.scenarios.quarters import Quarter

Instrument = Literal["bills", "treasuries", "agency_mbs"]
# What of a run a target is held against (report.targets works them out) ...
Measured = Literal[
    "price_change",  # from the close before the first day to the close of the last, share
    "worst_low",  # deepest low of a day under the close before it, share
    "rebound",  # close of the last day over the deepest low, share
    "yield_change",  # close to close, bp
    "spread_change",  # over Treasuries, close to close, bp
    "spread_reversed",  # of the spread change: undone on the next business day, share
    "liquidated",  # perpetuals closed by force, USD bn
    "liquidated_share",  # of open interest at the close before, share
    "share_of_liquidations",  # of those in all coins, share
    "open_interest_change",  # in coins, share
    "fall_outside_perpetuals",  # worst low without the venues over the one with them, share
]
# ... and what was measured of an event but is no part of the model: said so, never left out
Unmeasured = Literal["within_the_day", "one_venue", "auto_deleveraging", "one_instrument"]
Measure = Literal[Measured, Unmeasured]
UNMEASURED: tuple[str, ...] = get_args(Unmeasured)
_LARGEST_LOG_CHANGE = 2.0  # a rise to seven times, a fall to a seventh


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise PydanticCustomError("not_finite", "{value} is not a number", {"value": str(value)})
    return value


def _amount(value: float) -> float:
    if _finite(value) < 0.0:
        raise PydanticCustomError("negative", "{value} is negative", {"value": f"{value:g}"})
    return value


def _rate_change(value: float) -> float:
    """As far as the lever of the same name may go, if it is no decimal."""
    if abs(_finite(value)) > 1.0:
        lever = levers()["policy_rate_change"]
        advice = decimal_meant(value, unit=lever.unit, low=lever.low, high=lever.high)
        facts = {"value": f"{value:g}", "advice": advice or f"Allowed: {lever.range_in_words}."}
        raise PydanticCustomError("percent", "{value} is more than 100 %. {advice}", facts)
    return value


def _log_change(value: float) -> float:
    """A fall of 28 % is -0.33 in logs; -28 is a slip."""
    if abs(_finite(value)) > _LARGEST_LOG_CHANGE:
        facts = {"value": f"{value:g}", "decimal": f"{math.copysign(0.28, value):g}"}
        raise PydanticCustomError(
            "percent", "{value} is no log price change; 28 % is about {decimal}", facts
        )
    return value


def _likelihood(value: float) -> float:
    if not 0.0 < _finite(value) <= 1.0:
        facts = {"value": f"{value:g}"}
        raise PydanticCustomError("inconsistent", "{value} is no likelihood: 0 < L <= 1", facts)
    return value


def _part(value: float) -> float:
    """A share of a whole."""
    if not 0.0 <= _finite(value) <= 1.0:
        facts = {"value": f"{value:g}"}
        raise PydanticCustomError("percent", "{value} is no share: 0 <= share <= 1", facts)
    return value


def _days(value: Any) -> Any:
    """One day may be written without brackets."""
    return [value] if isinstance(value, date) else value


def _cleared(value: str) -> str:
    known = default_economy().names("cleared")
    if value not in known:
        said = no_such("cleared instrument", value, known)
        raise PydanticCustomError("instrument", "{said}", {"said": said})
    return value


def _quarter(value: str) -> str:
    if not Quarter.is_name(value):
        raise PydanticCustomError("quarter", "{value} is no quarter", {"value": repr(value)})
    return value


Amount = Annotated[float, AfterValidator(_amount)]
Signed = Annotated[float, AfterValidator(_finite)]
RateChange = Annotated[float, AfterValidator(_rate_change)]
QuarterName = Annotated[str, AfterValidator(_quarter)]
LogChange = Annotated[float, AfterValidator(_log_change)]
Likelihood = Annotated[float, AfterValidator(_likelihood)]
Part = Annotated[float, AfterValidator(_part)]
MINUTES_A_DAY = 1440.0
Minutes = Annotated[float, Field(gt=0.0, le=MINUTES_A_DAY, allow_inf_nan=False)]
Days = Annotated[tuple[date, ...], BeforeValidator(_days), Field(min_length=1)]
Cleared = Annotated[str, AfterValidator(_cleared)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Announcement(_Strict):
    """Something said on a day: a scenario may use it only if it was known by then."""

    known_on: date
    source: str
    note: str = ""


class Guidance(Announcement):
    """A firm's own forecast of its capex over some quarters."""

    quarters: tuple[QuarterName, ...] = Field(min_length=1)
    low: Amount
    high: Amount
    unit: Literal["USD bn"]

    @model_validator(mode="after")
    def _ordered(self) -> Guidance:
        names = [Quarter(name).number for name in self.quarters]
        if self.low > self.high or names != list(range(names[0], names[0] + len(names))):
            raise PydanticCustomError(
                "inconsistent", "low must not exceed high, and quarters must follow one another"
            )
        return self

    @property
    def central(self) -> float:
        """Middle of the guided range, USD bn."""
        return 0.5 * (self.low + self.high)


class Firm(Announcement):
    """Reported capex and operating cash flow of one firm, quarter after quarter."""

    name: str
    first_quarter: QuarterName
    unit: Literal["USD bn"]  # per quarter
    capex: tuple[Amount, ...] = Field(min_length=1)
    operating_cash_flow: tuple[Signed, ...] = Field(min_length=1)
    guidance: Guidance | None = None

    @model_validator(mode="after")
    def _as_long(self) -> Firm:
        if len(self.capex) != len(self.operating_cash_flow):
            raise PydanticCustomError(
                "inconsistent", "capex and operating_cash_flow need as many quarters as each other"
            )
        return self


class Deficit(Announcement):
    """Federal deficit at the scenario's start; it grows with the trend from there."""

    amount: Amount
    unit: Literal["USD bn per year"]


class Purchases(Announcement):
    """Official purchases between two dates."""

    instrument: Instrument
    amount: Signed
    unit: Literal["USD bn per month"]
    first_day: date
    last_day: date | None = None  # None: to the end
    above_trend: bool  # False: the fed's balanced growth already supplies part of it


class Spell(Announcement):
    """An amount that falls in equal parts on the business days between two dates."""

    first_day: date
    last_day: date
    unit: Literal["USD bn"]  # over the spell, above trend

    @model_validator(mode="after")
    def _forward(self) -> Spell:
        if self.last_day < self.first_day:
            raise PydanticCustomError("inconsistent", "last_day must not come before first_day")
        return self


class TreasuryAccount(Spell):
    """What the Treasury gathered in its account, borrowed like a deficit; negative: ran down."""

    amount: Signed


class Borrowing(Spell):
    """What the Treasury spent beyond taxes, and how much of all it borrowed was notes and bonds.

    What the deficit and the account need beyond the notes is borrowed in bills. Interest is part of
    the deficit: on these days none is borrowed on top.
    """

    deficit: Signed
    notes: Signed


class AiBonds(Spell):
    """Bonds that hyperscalers sold whatever their gap was; what they do not need is hoarded."""

    amount: Signed  # net of bonds repaid


class PolicyRate(Announcement):
    """Deviation of the policy rate from its opening level from a day on."""

    first_day: date
    change: RateChange
    unit: Literal["decimal per year"]


class Call(Announcement):
    """Capital promised to AI labs, called on its days in equal parts."""

    name: str
    amount: Amount
    unit: Literal["USD bn"]
    due: Days  # or one day; on a closed one the next open day
    contingent: Part = 0.0  # of the amount: not called in the central case


class News(Announcement):
    """What an event outside the model did to the value of one asset."""

    instrument: Cleared
    day: date
    last_day: date | None = None  # of a figure over several days, which share it equally
    change: LogChange
    unit: Literal["log price"]
    minutes: Minutes = MINUTES_A_DAY  # in which it was heard: books are thinner when it is fast

    @model_validator(mode="after")
    def _forward(self) -> News:
        if self.last_day is not None and self.last_day < self.day:
            raise PydanticCustomError("inconsistent", "last_day must not come before day")
        return self


class RiskOff(Announcement):
    """Lost appetite for risk from a day on, fading: half is left after the half-life."""

    day: date
    size: LogChange  # > 0: less is wanted of whatever moves with the market
    unit: Literal["log odds per unit of beta"]
    half_life_days: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
    minutes: Minutes = MINUTES_A_DAY  # in which it was felt


class Likelihoods(_Strict):
    """How likely each kind of central bank would have made the announcement."""

    accommodate: Likelihood
    neutral: Likelihood
    shrink: Likelihood


class Evidence(Announcement):
    """An announcement that tells what the central bank may turn out to be."""

    day: date
    likelihood: Likelihoods  # only ratios matter
    unit: Literal["likelihood"]


class Target(_Strict):
    """What was measured from outside between two days: a run is held against it, hit or missed."""

    name: str
    measure: Measure
    instrument: Cleared | None = None  # None: all listed shares together, or what no row is about
    first_day: date
    last_day: date
    low: Signed
    high: Signed
    unit: Literal["share", "bp", "USD bn", "minutes"]
    source: str
    note: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Target:
        if self.low > self.high or self.first_day > self.last_day:
            raise PydanticCustomError(
                "inconsistent", "low must not exceed high, nor first_day last_day"
            )
        if self.instrument is None and self.measure not in (*UNMEASURED, "price_change"):
            raise PydanticCustomError("inconsistent", "this measure needs an instrument")
        return self


class Override(_Strict):
    """Another value of a parameter, with a range of its own if given."""

    value: Signed
    unit: str
    low: Signed | None = None
    high: Signed | None = None
    source: str
    why: str
    known_on: date | None = None


class ScenarioFile(_Strict):
    """A whole scenario, after what it extends has been filled in.

    An extension's levers and parameters are added to those of its base; any other key it gives,
    lists of rows included, replaces the base's.
    """

    name: str
    title: str
    description: str
    story: str  # the sentence of the essay
    opening: str  # a shipped sheet or the path of one
    opening_rrp_usd_bn: Amount | None = None  # None: as on the sheet
    extra_rrp_usd_bn: Amount = 0.0
    known_on: date
    start: date
    years: Annotated[float, Field(gt=0.0, le=LONGEST_YEARS, allow_inf_nan=False)]
    clock: Literal["business", "calendar", "weekly"] = "business"
    firm: tuple[Firm, ...] = ()
    deficit: Deficit | None = None
    purchases: tuple[Purchases, ...] = ()
    treasury_account: tuple[TreasuryAccount, ...] = ()
    borrowing: tuple[Borrowing, ...] = ()
    ai_bonds: tuple[AiBonds, ...] = ()
    policy_rate: tuple[PolicyRate, ...] = ()
    call: tuple[Call, ...] = ()
    news: tuple[News, ...] = ()
    risk_off: tuple[RiskOff, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    target: tuple[Target, ...] = ()
    levers: dict[str, Any] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)

    def announcements(self) -> list[tuple[str, Announcement]]:
        """Every dated row with the place in the file where it stands."""
        rows: list[tuple[str, Announcement]] = []
        for firm in self.firm:
            rows.append((f"firm {firm.name}", firm))
            if firm.guidance:
                rows.append((f"firm {firm.name}, guidance", firm.guidance))
        rows += [("deficit", self.deficit)] if self.deficit else []
        rows += [(f"purchases of {p.instrument}", p) for p in self.purchases]
        rows += [("treasury_account", t) for t in self.treasury_account]
        rows += [("borrowing", b) for b in self.borrowing]
        rows += [("ai_bonds", b) for b in self.ai_bonds]
        rows += [("policy_rate", p) for p in self.policy_rate]
        rows += [(f"call of {c.name}", c) for c in self.call]
        rows += [(f"news of {n.instrument}", n) for n in self.news]
        rows += [("risk_off", r) for r in self.risk_off]
        return rows + [("evidence", e) for e in self.evidence]
