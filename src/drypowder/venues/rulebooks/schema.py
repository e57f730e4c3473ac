"""What a venue profile may say: dated rules, each with its source; unknown keys are refused.

A file describes one venue. Every group of rules ([[trigger]], [[fees]], ...) is a list of entries
with `since`: the day from which the rule is known to hold. A question asked of a past day sees
the latest entry of each group up to that day and nothing later.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from drypowder.errors import UsageError
from drypowder.venues._naming import unknown

Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Rate = Annotated[float, Field(ge=0.0, lt=1.0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Words = Annotated[str, Field(min_length=3)]
_HEADINGS = frozenset({"since", "source", "why", "guesses"})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Strict):
    """A dated rule. source = "guess" makes all of it judgement, `guesses` only what it names."""

    since: date
    source: Words
    why: str = ""
    guesses: dict[str, Words] = {}  # field -> why it is uncertain

    @model_validator(mode="after")
    def _guesses_name_fields(self) -> Rule:
        stray = sorted(set(self.guesses) - set(type(self).model_fields))
        if stray:
            raise ValueError(f"guesses names {stray[0]!r}, which is no field of this rule")
        return self

    def values(self) -> dict[str, Any]:
        """What the rule says, without its date and source."""
        return {name: getattr(self, name) for name in type(self).model_fields
                if name not in _HEADINGS}  # fmt: skip


class Trigger(Rule):
    """When a position is closed by force."""

    maintenance_at: Literal["mark", "entry"]
    fee_in_trigger: bool  # equity must also cover the fee for closing
    orders_count: bool  # whether margin of open orders lowers the equity that is tested


class Fees(Rule):
    """What closing costs, as a share of the notional closed."""

    taker_fee_rate: Rate
    liquidation_fee_rate: Rate


class Partial(Rule):
    """Whether all of a position is closed at once.

    share: above a size only a share, the rest after a pause; tiers: down by risk tiers until the
    margin holds; reduce: one order, no larger than needed; none: all of it.
    """

    partial: Literal["none", "share", "tiers", "reduce"]
    partial_above_usd: Amount = 0.0
    partial_share: Share = 1.0
    partial_window_s: Amount = 0.0
    partial_from_tier: Annotated[int, Field(ge=1)] = 1
    partial_tiers_down: Annotated[int, Field(ge=1)] = 1


class Takeover(Rule):
    """Who takes what the book did not, and when that purse refuses.

    fund_rule: empties, until nothing is left; drawdown, when a pair's loss within the window
    reaches a share of the fund's peak; position_cap, when its positions or losses are too large.
    """

    takeover: Literal["fund", "vault", "none"]
    backstop_share: Share = 0.0  # of maintenance: below it the vault takes over; 0 = no vault
    fund_rule: Literal["empties", "drawdown", "position_cap", "none"]
    fund_drawdown_share: Positive | None = None  # of the fund's peak in the window
    fund_window_hours: Positive | None = None
    fund_position_share: Share | None = None  # of the fund: its largest position
    fund_usd: Positive | None = None


class Deleveraging(Rule):
    """Who is closed last of all, and at which price."""

    adl_ranking: Literal[
        "binance", "bybit", "bitmex", "hyperliquid", "pro_rata_leverage", "random"
    ]  # as `adl_rank` takes it
    adl_price: Literal["bankruptcy", "previous_mark"]
    adl_mark_bound: Positive | None = None  # bankruptcy further from mark than this: mark is used


class Mark(Rule):
    """Which price triggers."""

    mark: Literal["last", "median_index_basis", "median_oracle_ema"]
    mark_ema_s: Positive | None = None  # memory of the average, where the rule has one


class Clock(Rule):
    """How often marks are tested, liquidations reported, funding paid."""

    round_seconds: Positive
    reports_per_second: Positive | None = None  # a symbol; left out: everything is reported
    funding_hours: Positive


class Tier(_Strict):
    """A bracket up to a notional, in the contract's money; left out: without end."""

    to: Positive | None = None
    rate: Annotated[float, Field(gt=0.0, lt=1.0, allow_inf_nan=False)]
    max_leverage: Positive | None = None
    deduction: Amount | None = None  # as published; checked against our own


class Brackets(Rule):
    """The risk tiers of some symbols. complete = false: known only as far as the last `to`."""

    symbols: Annotated[list[str], Field(min_length=1)]
    complete: bool
    tiers: Annotated[list[Tier], Field(min_length=1)]


class Instrument(Rule):
    """How prices and sizes of a symbol are stepped, and what one contract is worth."""

    symbol: str
    tick: Positive | None = None
    lot: Positive | None = None
    contract_value: Positive | None = None  # USD per contract, inverse contracts


class VenueFile(_Strict):
    """A venue's file."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: Words = "a venue of your own"
    aliases: list[str] = []
    extends: str | None = None  # a shipped venue whose rules hold where this file has none
    contract: Literal["linear", "inverse"] | None = None
    money: str | None = None  # what margin and notionals are counted in
    trigger: list[Trigger] = []
    fees: list[Fees] = []
    partial: list[Partial] = []
    takeover: list[Takeover] = []
    deleveraging: list[Deleveraging] = []
    mark: list[Mark] = []
    clock: list[Clock] = []
    brackets: list[Brackets] = []
    instruments: list[Instrument] = []


GROUPS = ("trigger", "fees", "partial", "takeover", "deleveraging", "mark", "clock")
R = TypeVar("R", bound=Rule)


def latest(rules: Iterable[R], as_of: date) -> R | None:
    """The last rule known on a day; of two of one day the later in the file."""
    known = [rule for rule in rules if rule.since <= as_of]
    return max(reversed(known), key=lambda rule: rule.since, default=None)


def parse(content: dict[str, Any], where: str) -> VenueFile:
    """The content of a TOML file as a checked profile.

    Raises:
        UsageError: DP-131 naming the place and what is wrong there.
    """
    try:
        return VenueFile.model_validate(content)
    except ValidationError as fault:
        first, *others = fault.errors(include_url=False)
        more = f" ({len(others)} more to mend after it.)" if others else ""
        raise UsageError("DP-131", f"{where}: {_said(first)}", f"{_advice(first)}{more}") from fault


def _said(error: Any) -> str:
    place = ""
    for part in error["loc"]:
        place += f" {part + 1}" if isinstance(part, int) else f", {part}"
    place = place.removeprefix(", ")
    if error["type"] == "extra_forbidden":
        return f"{place}: {unknown('key', str(error['loc'][-1]), _keys(error['loc']))}"
    if error["type"] == "missing":
        return f"{place} is missing."
    message = error["msg"].removeprefix("Value error, ")
    return f"{place}: {message[:1].lower() + message[1:]}; it says {error['input']!r:.60}."


def _advice(error: Any) -> str:
    if error["type"] == "missing" and error["loc"][-1] == "source":
        return 'Say where the rule stands, or source = "guess".'
    if error["type"] == "missing" and error["loc"][-1] == "since":
        return "Say from which day the rule is known to hold: since = 2025-10-10."
    return "The shipped profiles show how a file looks."


def _keys(loc: tuple[Any, ...]) -> list[str]:
    models: dict[str, type[BaseModel]] = {
        "trigger": Trigger, "fees": Fees, "partial": Partial, "takeover": Takeover, "mark": Mark,
        "deleveraging": Deleveraging, "clock": Clock, "brackets": Brackets,
        "instruments": Instrument,
    }  # fmt: skip
    if "tiers" in loc[:-1]:
        return list(Tier.model_fields)
    return list(models.get(str(loc[0]) if len(loc) > 1 else "", VenueFile).model_fields)
