"""The pages of contest and probe say what the development data say, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from drypowder.measure.claims.claim import CANNOT_SAY, LEANS_AGAINST, judge
from drypowder.report.terminal import plain_text
from drypowder.report.words import catalogue

DOCS = Path(__file__).resolve().parents[3] / "docs"
AS_OF = "2026-11-23"
pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def known(imported_store):
    return imported_store.known_on(AS_OF)


def _block(text: str, first: str) -> str:
    """From the line that holds `first` to the stamp, without it."""
    lines = text.splitlines()
    start = next(k for k, line in enumerate(lines) if first in line)
    end = max(k for k, line in enumerate(lines) if line.startswith("as of"))
    return "\n".join(lines[start:end]).rstrip()


def test_the_page_of_the_contest_is_what_the_data_say(known):
    from drypowder.measure.rank import contest
    from drypowder.report.rank import print_contest

    found = contest(known)
    told = plain_text(lambda console: print_contest(found, catalogue(), console))
    assert _block(told, "rank  asset") in (DOCS / "contest.md").read_text(encoding="utf-8")
    assert found.discoveries == 0 and len(found.places) == 73
    betas = {each.asset.ticker: each for each in found.places}
    assert all(abs(betas[name].beta) < 0.05 for name in ("SHY", "IEF", "TLT"))  # controls work


def test_the_page_of_the_probe_is_what_the_data_say(known):
    from drypowder.measure.probe import probe
    from drypowder.report.probe import print_probe

    found = probe(known)
    told = plain_text(lambda console: print_probe(found, catalogue(), console))
    assert _block(told, "days at one clock") in (DOCS / "probe.md").read_text(encoding="utf-8")
    assert found.verdict == "together" and found.missing == ()
    assert found.money.placebo_p > 0.5 and found.money.changes_p > 0.5


@pytest.mark.parametrize(
    ("name", "word", "effect", "low", "high"),
    [
        ("c05_speculative_loses_most", CANNOT_SAY, 0.32, -0.17, 0.84),
        ("c11_near_cash_flows", CANNOT_SAY, 32.2, -19.5, 90.6),
        ("c12_crypto_leads", LEANS_AGAINST, -0.01, -0.13, 0.11),
        ("c13_retail_momentum", CANNOT_SAY, 1.4, -8.0, 9.6),
    ],
)
def test_verdicts_are_those_of_the_pages(known, name, word, effect, low, high):
    from importlib import import_module

    claim = import_module(f"drypowder.measure.claims.{name}")
    found = claim.measure(known)
    assert judge(claim.REGISTRATION, found).word == word
    size = 0.05 * max(abs(low), abs(high))
    assert found.effect == pytest.approx(effect, abs=size)
    assert (found.low, found.high) == (pytest.approx(low, abs=size), pytest.approx(high, abs=size))


def test_on_the_day_of_the_essay_nothing_later_was_known(imported_store):
    from drypowder.measure.rank import contest

    found = contest(imported_store.known_on("2026-02-06"))
    assert found.stamp.known_on.isoformat() <= "2026-02-06"
    assert found.window[1].isoformat() == "2026-02-04" and found.discoveries == 0
    assert found.data.absent == ("SNDK", "CRWV")
