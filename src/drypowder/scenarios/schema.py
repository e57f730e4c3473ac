"""What a scenario file may say. Every amount has a unit, every announcement a date and a source.

Keys that are not here are refused, so that a slip of the pen never passes in silence.
"""

from __future__ import annotations

import math
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from drypowder.scenarios.clock import LONGEST_YEARS
from drypowder.scenarios.quarters import Quarter

Instrument = Literal["bills", "treasuries", "agency_mbs"]


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise PydanticCustomError("not_finite", "{value} is not a number", {"value": str(value)})
    return value


def _amount(value: float) -> float:
    if _finite(value) < 0.0:
        raise PydanticCustomError("negative", "{value} is negative", {"value": f"{value:g}"})
    return value


def _rate(value: float) -> float:
    if abs(_finite(value)) > 1.0:
        facts = {"value": f"{value:g}", "decimal": f"{value / 100:g}"}
        raise PydanticCustomError("percent", "write {decimal}, not {value}", facts)
    return value


def _quarter(value: str) -> str:
    if not Quarter.is_name(value):
        raise PydanticCustomError("quarter", "{value} is no quarter", {"value": repr(value)})
    return value


Amount = Annotated[float, AfterValidator(_amount)]
Signed = Annotated[float, AfterValidator(_finite)]
Rate = Annotated[float, AfterValidator(_rate)]
QuarterName = Annotated[str, AfterValidator(_quarter)]


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


class PolicyRate(Announcement):
    """Deviation of the policy rate from its opening level from a day on."""

    first_day: date
    change: Rate
    unit: Literal["decimal per year"]


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
    policy_rate: tuple[PolicyRate, ...] = ()
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
        return rows + [("policy_rate", p) for p in self.policy_rate]
