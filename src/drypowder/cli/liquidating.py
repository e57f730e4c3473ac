"""`drypowder liquidations price|map|cascade`: options; each hands over when called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from drypowder.report.words import catalogue

_words = catalogue()


def _say(key: str) -> str:
    return _words.say(f"cli.liquidations.{key}")


def _option(name: str, key: str) -> Any:
    return typer.Option(name, help=_say(key))


Venue = Annotated[str, _option("--venue", "venue")]
OwnProfile = Annotated[Path | None, _option("--profile", "profile")]
AsOf = Annotated[str | None, _option("--as-of", "as_of")]
Tiers = Annotated[Path | None, _option("--tiers", "tiers")]
Positions = Annotated[Path | None, _option("--positions", "positions")]
BestEffort = Annotated[bool, _option("--best-effort", "best_effort")]
Coin = Annotated[str, _option("--coin", "coin")]
Prices = Annotated[list[str] | None, _option("--price", "prices")]
OpenInterest = Annotated[float | None, _option("--open-interest", "open_interest")]
Depth = Annotated[float | None, _option("--depth", "depth")]
LeverageMedian = Annotated[float | None, _option("--leverage-median", "leverage_median")]
LeverageSd = Annotated[float | None, _option("--leverage-sd", "leverage_sd")]
AgeDays = Annotated[float | None, _option("--age-days", "age_days")]
PastPrices = Annotated[Path | None, _option("--path", "path")]
Fund = Annotated[float | None, _option("--fund", "fund")]
Accounts = Annotated[int, _option("--accounts", "accounts")]
Seed = Annotated[int, _option("--seed", "seed")]
Over = Annotated[float, _option("--over", "over")]
After = Annotated[float, _option("--after", "after")]
Html = Annotated[Path | None, _option("--html", "html")]
Json = Annotated[bool, typer.Option("--json", help=_words.say("cli.option.json"))]
Csv = Annotated[bool, typer.Option("--csv", help=_words.say("cli.option.csv"))]
Out = Annotated[Path | None, typer.Option("--out", help=_words.say("cli.option.out"))]

app = typer.Typer(help=_say("help"), add_completion=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def _top(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command(help=_say("price.help"))
def price(
    venue: Venue = "binance",
    symbol: Annotated[str, _option("--symbol", "price.symbol")] = "BTC",
    side: Annotated[str | None, _option("--side", "price.side")] = None,
    entry: Annotated[float | None, _option("--entry", "price.entry")] = None,
    size: Annotated[float | None, _option("--size", "price.size")] = None,
    margin: Annotated[float | None, _option("--margin", "price.margin")] = None,
    leverage: Annotated[float | None, _option("--leverage", "price.leverage")] = None,
    cross: Annotated[bool, _option("--cross", "price.cross")] = False,
    wallet: Annotated[float | None, _option("--wallet", "price.wallet")] = None,
    other_maintenance: Annotated[
        float, _option("--other-maintenance", "price.other_maintenance")
    ] = 0.0,
    other_unrealised: Annotated[
        float, _option("--other-unrealised", "price.other_unrealised")
    ] = 0.0,
    mark: Annotated[list[str] | None, _option("--mark", "price.mark")] = None,
    tick: Annotated[float | None, _option("--tick", "price.tick")] = None,
    contract_value: Annotated[
        float | None, _option("--contract-value", "price.contract_value")
    ] = None,
    positions: Positions = None,
    best_effort: BestEffort = False,
    as_of: AsOf = None,
    tiers: Tiers = None,
    profile: OwnProfile = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.liquidation_price import Asked, give_positions, give_price
    from drypowder.cli.liquidation_rules import Rules
    from drypowder.cli.output import Output

    rules = Rules(venue, as_of=as_of, tiers=tiers, path=profile, best_effort=best_effort)
    output = Output.of(as_json, as_csv, out)
    asked = Asked(
        symbol=symbol, side=side, entry=entry, size=size, margin=margin, leverage=leverage,
        cross=cross, wallet=wallet, other_maintenance=other_maintenance,
        other_unrealised=other_unrealised, marks=mark or [], tick=tick,
        contract_value=contract_value,
    )  # fmt: skip
    if positions is None:
        give_price(asked, rules, output)
    else:
        give_positions(asked, positions, rules, output)


@app.command("map", help=_say("map.help"))
def draw_map(
    venue: Venue = "hyperliquid",
    coin: Coin = "BTC",
    positions: Positions = None,
    best_effort: BestEffort = False,
    prices: Prices = None,
    open_interest: OpenInterest = None,
    leverage_median: LeverageMedian = None,
    leverage_sd: LeverageSd = None,
    age_days: AgeDays = None,
    past_prices: PastPrices = None,
    depth: Depth = None,
    fund: Fund = None,
    accounts: Accounts = 20_000,
    seed: Seed = 0,
    reach: Annotated[str, _option("--range", "map.range")] = "30%",
    step: Annotated[str | None, _option("--step", "map.step")] = None,
    shock: Annotated[str | None, _option("--shock", "shock")] = None,
    over: Over = 10.0,
    after: After = 20.0,
    html: Html = None,
    as_of: AsOf = None,
    tiers: Tiers = None,
    profile: OwnProfile = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.liquidation_rules import Rules, Shock, World
    from drypowder.cli.liquidation_world import give_map
    from drypowder.cli.output import Output

    rules = Rules(venue, as_of=as_of, tiers=tiers, path=profile, best_effort=best_effort)
    world = World(
        rules, coin=coin, positions=positions, prices=prices or [], open_interest=open_interest,
        leverage_median=leverage_median, leverage_sd=leverage_sd, age_days=age_days,
        path=past_prices, depth=depth, fund=fund, accounts=accounts, seed=seed,
    )  # fmt: skip
    fall = None if shock is None else Shock(shock, over, after)
    give_map(world, reach, step, fall, html, Output.of(as_json, as_csv, out))


@app.command(help=_say("cascade.help"))
def cascade(
    shock: Annotated[str, _option("--shock", "shock")] = "-10%",
    venue: Venue = "hyperliquid",
    coin: Coin = "BTC",
    positions: Positions = None,
    best_effort: BestEffort = False,
    over: Over = 10.0,
    after: After = 20.0,
    events: Annotated[Path | None, _option("--events", "cascade.events")] = None,
    replay: Annotated[str | None, _option("--replay", "cascade.replay")] = None,
    prices: Prices = None,
    open_interest: OpenInterest = None,
    leverage_median: LeverageMedian = None,
    leverage_sd: LeverageSd = None,
    age_days: AgeDays = None,
    past_prices: PastPrices = None,
    depth: Depth = None,
    fund: Fund = None,
    accounts: Accounts = 20_000,
    seed: Seed = 0,
    as_of: AsOf = None,
    tiers: Tiers = None,
    profile: OwnProfile = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.liquidation_rules import Rules, Shock, World
    from drypowder.cli.liquidation_world import give_cascade, give_replay
    from drypowder.cli.output import Output

    output = Output.of(as_json, as_csv, out)
    if replay is not None:
        give_replay(replay, seed, events, output)
        return
    rules = Rules(venue, as_of=as_of, tiers=tiers, path=profile, best_effort=best_effort)
    world = World(
        rules, coin=coin, positions=positions, prices=prices or [], open_interest=open_interest,
        leverage_median=leverage_median, leverage_sd=leverage_sd, age_days=age_days,
        path=past_prices, depth=depth, fund=fund, accounts=accounts, seed=seed,
    )  # fmt: skip
    give_cascade(world, Shock(shock, over, after), events, output)
