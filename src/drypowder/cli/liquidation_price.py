"""`drypowder liquidations price`: one position from its options, or a file of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drypowder.cli.liquidation_rules import Rules, prices_of
from drypowder.cli.output import Output, note
from drypowder.errors import DrypowderError, UsageError
from drypowder.report.words import catalogue, coded

_SIDES = {"long": 1, "buy": 1, "short": -1, "sell": -1}


@dataclass(frozen=True)
class Asked:
    """The options of one position."""

    symbol: str
    side: str | None
    entry: float | None
    size: float | None
    margin: float | None
    leverage: float | None
    cross: bool
    wallet: float | None
    other_maintenance: float
    other_unrealised: float
    marks: Sequence[str]
    tick: float | None
    contract_value: float | None


def give_price(asked: Asked, rules: Rules, output: Output) -> None:
    """The price of one position.

    Raises:
        UsageError: DP-088 for options that are missing or contradict each other, DP-153, DP-154
            for a position that the venue would not have; DP-12x, DP-13x of the room.
    """
    from drypowder.report import liquidations as report
    from drypowder.report.liquidation_price import answer
    from drypowder.report.terminal import plain_text

    words = catalogue()
    found = answer(_question(asked, rules))
    output.give(
        text=lambda: plain_text(lambda console: report.print_price(found, words, console)),
        table=lambda: report.one_row(found, words),
        data=lambda: report.price_json(found, words),
        screen=lambda console: report.print_price(found, words, console),
    )


def _question(asked: Asked, rules: Rules):
    from drypowder.report.liquidation_price import Question

    needed = {"--side": asked.side, "--entry": asked.entry, "--size": asked.size}
    missing = [name for name, value in needed.items() if value is None]
    if missing:
        raise _usage("missing", options=", ".join(missing))
    assert asked.side is not None and asked.entry is not None and asked.size is not None
    if asked.side.lower() not in _SIDES:
        raise _usage("side", given=asked.side)
    profile = rules.profile()
    symbol = profile.table(asked.symbol).symbol
    steps = profile.steps(symbol)
    value = asked.contract_value or steps.contract_value if profile.contract == "inverse" else None
    if profile.contract == "inverse" and value is None:
        raise _usage("missing", options="--contract-value")
    marks = prices_of(asked.marks, asked.symbol)
    return Question(
        profile=profile,
        symbol=symbol,
        side=_SIDES[asked.side.lower()],
        size=asked.size,
        entry_price=asked.entry,
        margin=_margin(asked, asked.entry, asked.size, value),
        leverage=asked.leverage,
        cross=asked.cross or asked.wallet is not None,
        mark=next(iter(marks.values()), None),
        other_maintenance=asked.other_maintenance,
        other_unrealised=asked.other_unrealised,
        tick=asked.tick or steps.tick,
        contract_value=value,
    )


def _usage(key: str, **values: str) -> DrypowderError:
    """A complaint about options, as the parser would make it."""
    said = catalogue().say(f"liquidations.usage.{key}", **values)
    return coded(UsageError, "DP-088", said=said, command="drypowder liquidations price")


def _margin(asked: Asked, entry: float, size: float, contract_value: float | None) -> float:
    """What answers for the position: said as margin, as wallet, or through leverage."""
    said = [x for x in (asked.margin, asked.leverage, asked.wallet) if x is not None]
    if len(said) != 1 or (asked.cross and asked.wallet is None and asked.margin is None):
        raise _usage("money")
    if asked.leverage is None:
        return said[0]
    if not (asked.leverage > 0.0 and size > 0.0 and entry > 0.0):
        raise coded(UsageError, "DP-158", option="--leverage, --size or --entry", given="0")
    notional = size * contract_value / entry if contract_value else size * entry
    return notional / asked.leverage


def give_positions(asked: Asked, file: Path, rules: Rules, output: Output) -> None:
    """The prices of a file of positions."""
    from drypowder.report import liquidations as report
    from drypowder.report.liquidation_price import priced
    from drypowder.report.terminal import plain_text
    from drypowder.venues._naming import spelled

    words = catalogue()
    held = rules.positions(file)
    marks = {spelled(name, held.symbols) or name: value
             for name, value in prices_of(asked.marks, asked.symbol).items()}  # fmt: skip
    found = priced(held, marks)
    if output.kind != "words":
        for line in report.refused(found, words):
            note(line)
    output.give(
        text=lambda: plain_text(lambda console: report.print_positions(found, words, console)),
        table=lambda: report.positions_table(found),
        screen=lambda console: report.print_positions(found, words, console),
    )
