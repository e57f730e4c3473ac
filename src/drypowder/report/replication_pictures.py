"""A picture of what a paper says, drawn from the functions that replicate it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from drypowder.replications import (
    balanced_fund,
    bank_run,
    brunnermeier_pedersen,
    collateral_equilibrium,
    leverage_cycle,
)
from drypowder.report.charts import Chart, framed, svg_of
from drypowder.report.numbers import fixed
from drypowder.report.palette import ALARM, CENTRAL, DASHES, TWIN, drawing
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue

_SIZE = (7.0, 4.2)  # inches
_POINTS = 81  # of a line
_COLOURS = (CENTRAL, ALARM, TWIN, "#009e73", "#882255")
_PROMISED, _GATE = 1.28, 0.25

Lines = Mapping[str, np.ndarray]  # key of the words -> y over x


def pictures(pages: Iterable[str], words: Catalogue) -> Iterator[tuple[str, str]]:
    """SVG of each page that has a picture, with what it is not below it."""
    for page in pages:
        if page in _MAKERS:
            yield page, framed(_MAKERS[page](words), words.say("report.not_a_forecast"))


def leverage(words: Catalogue) -> Chart:
    """Prices before and after bad news against the same agent's own valuation."""
    worst = np.linspace(0.02, 0.98, _POINTS)
    cycles = [leverage_cycle(bad_payoff=float(each)) for each in worst]
    alone = [collateral_equilibrium(bad_payoff=float(x), borrowing=False).p for x in worst]
    fields = {"price_before": "p0", "price_after": "pD", "value_before": "valuation_before",
              "value_after": "valuation_after"}  # fmt: skip
    lines = {key: np.array([getattr(c, name) for c in cycles]) for key, name in fields.items()}
    return _drawn("leverage_cycle", worst, {**lines, "no_borrowing": np.array(alone)}, words)


def spirals(words: Catalogue) -> Chart:
    """The price over speculators' money, with each spiral and with both."""
    money = np.linspace(0.0, 250.0, _POINTS)
    cases = {"no_spiral": (0.0, 0.0, 0.0), "loss_spiral": (0.0, 5.0, 500.0),
             "margin_spiral": (1.0, 0.0, 0.0), "both_spirals": (1.0, 5.0, 500.0)}  # fmt: skip
    lines = {
        key: np.array([
            brunnermeier_pedersen(psi=psi, x0=x0, b=b, eta=float(eta)).price for eta in money
        ])
        for key, (psi, x0, b) in cases.items()
    }  # fmt: skip
    return _drawn("brunnermeier_pedersen", money, lines, words)


def run(words: Catalogue) -> Chart:
    """What those who wait and those who come are paid, over how many come."""
    shares = np.linspace(0.0, 0.99, _POINTS)
    free = [bank_run(promised=_PROMISED, withdrawn_share=float(f)) for f in shares]
    gated = [bank_run(promised=_PROMISED, withdrawn_share=float(f), gate=_GATE) for f in shares]
    lines = {
        "waiters": np.array([each.payoff_to_waiters for each in free]),
        "withdrawers": np.array([each.payoff_to_withdrawers for each in free]),
        "gate": np.array([each.payoff_to_waiters for each in gated]),
    }
    said = {"threshold": fixed(100.0 * (free[0].threshold or 0.0), words, digits=1),
            "gate": fixed(100.0 * _GATE, words, digits=0)}  # fmt: skip
    return _drawn("bank_run", 100.0 * shares, lines, words, **said)


def fund(words: Catalogue) -> Chart:
    """What one per cent of inflow does to the price, over the fund's share of equity."""
    theta = np.linspace(0.05, 0.93, 23)
    found = [balanced_fund(theta=float(each), inflow=0.01) for each in theta]
    lines = {"found": np.array([each.multiplier for each in found]), "formula": 1.0 / (1.0 - theta)}
    return _drawn("balanced_fund", theta, lines, words)


_MAKERS: dict[str, Callable[[Catalogue], Chart]] = {
    "balanced_fund": fund,
    "bank_run": run,
    "brunnermeier_pedersen": spirals,
    "leverage_cycle": leverage,
}


def _drawn(key: str, x: np.ndarray, lines: Lines, words: Catalogue, **said: str) -> Chart:
    """Lines over x, told apart by dash and by colour, with the numbers as a table."""
    named = {name: words.say(f"replicate.picture.{name}", **said) for name in lines}
    with drawing():
        from matplotlib.figure import Figure

        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.subplots()
        for k, (name, y) in enumerate(lines.items()):
            axes.plot(x, y, color=_COLOURS[k], linestyle=DASHES[k], label=named[name])
        axes.set(xlabel=words.say(f"replicate.picture.{key}_x"),
                 ylabel=words.say(f"replicate.picture.{key}_y"))  # fmt: skip
        figure.legend(loc="outside lower center", ncols=2, fontsize=8)
        svg = svg_of(figure)
    columns = (Column("x", "plain"), *(Column(name, "plain") for name in lines))
    rows = list(zip(x, *lines.values(), strict=True))
    title = words.say(f"replicate.picture.{key}", **said)
    return Chart(key, "replicate", title, svg, Table(key, columns, rows))
