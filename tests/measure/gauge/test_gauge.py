"""What the gauge must do whatever the data: no look-ahead, honest gaps, a sum that adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.gauge.worlds import DAY, month_ends, series, world

from drypowder.errors import DataMissingError, UsageError
from drypowder.measure.gauge import gauge
from drypowder.measure.gauge.companions import repo_verdict, rrp_verdict
from drypowder.measure.gauge.parts import part, parts
from drypowder.measure.gauge.reading import FRESH, MISSING, STALE

seeds = st.integers(0, 2**31)


def of(found, key):
    return next(bar for bar in found.bars if bar.part.key == key)


@given(seeds)
def test_the_parts_add_up_to_the_level_and_their_changes_to_the_change(seed):
    found = gauge(world(seed), draws=50)
    total = 50.0 + sum(found.contributions.values())
    total += found.sum.interaction + found.sum.centring + found.sum.bound
    assert abs(total - found.level) < 1e-9
    moved = sum(bar.change for bar in found.bars)
    moved += found.sum.interaction - found.before.interaction + found.sum.bound - found.before.bound
    assert abs(moved - found.change) < 1e-9
    assert 0.0 <= found.low <= found.high <= 100.0


@given(seeds, st.integers(1, 20), st.integers(0, 2**31))
def test_prints_that_come_later_never_change_an_earlier_reading(seed, months, other):
    day = DAY - timedelta(days=31 * months)
    now = gauge(world(seed, day=day), draws=50)
    later = world(seed, day=day)
    rng = np.random.default_rng(other)
    for name, each in list(later.stored.items()):
        late = each.known_on > np.datetime64(day.replace(tzinfo=None))
        noise = np.where(late, rng.uniform(0.0, 1e4, len(late)), each.values)
        later.stored[name].values = noise
    again = gauge(later, draws=50)
    assert (again.level, again.low, again.high) == (now.level, now.low, now.high)
    assert again.contributions == now.contributions


@given(seeds)
def test_the_order_in_which_series_are_stored_does_not_matter(seed):
    straight, turned = world(seed), world(seed)
    turned.stored = dict(reversed(turned.stored.items()))
    assert gauge(turned, draws=50).level == gauge(straight, draws=50).level


@given(seeds, st.sampled_from(["RRPONTSYD", "WRESBAL", "MMMFFAQ027S", "BOGZ1FL663067003Q", "SOFR"]),
       st.floats(0.01, 1.0))  # fmt: skip
def test_the_gauge_moves_with_each_part(seed, name, size):
    known = world(seed)
    before = gauge(known, draws=50)
    values = known.stored[name].values.copy()
    values[-1] *= 1.0 + size
    known.stored[name].values = values
    after = gauge(known, draws=50)
    sign = {"RRPONTSYD": 1, "WRESBAL": 1, "MMMFFAQ027S": -1, "BOGZ1FL663067003Q": -1, "SOFR": -1}
    assert sign[name] * (after.level - before.level) >= -1e-9


@pytest.mark.parametrize("key", ["reserves", "margin_room", "repo_spread"])
def test_a_part_at_the_median_of_its_window_contributes_nothing(key):
    middle = {"reserves": ("WRESBAL", 3000.0), "margin_room": ("BOGZ1FL663067003Q", 600.0),
              "repo_spread": ("SOFR", 5.0)}[key]  # fmt: skip
    # as many above as below in every window; July 2021, where repo spreads begin, is in the middle
    ladder = middle[1] * (1.0 + 0.01 * (-1.0) ** np.arange(72))
    ladder[[18, 71]] = middle[1]
    flat = {"TLAACBW027SBOG": np.full(72, 20_000.0), "M2SL": np.full(72, 20_000.0)}
    bar = of(gauge(world(**{middle[0]: ladder}, **flat), draws=50), key)
    assert bar.score == pytest.approx(50.0)
    assert bar.contribution == pytest.approx(0.0)


@pytest.mark.parametrize("seed", range(8))
def test_a_missing_part_counts_as_its_median_and_widens_the_range(seed):
    whole = gauge(world(seed), draws=1000)
    gap = gauge(world(seed, leave_out=("BOGZ1FL663067003Q",)), draws=1000)
    assert of(gap, "margin_room").state == MISSING
    assert of(gap, "margin_room").contribution == 0.0
    assert gap.high - gap.low > whole.high - whole.low
    width = [ends[1] - ends[0] for ends in (gap.spans["missing"], whole.spans["missing"])]
    assert width[0] > width[1]


def test_a_stale_part_is_told_and_may_have_moved_since():
    known = world(3)
    known.stored["SOFR"].stale = True
    found = gauge(known, draws=500)
    assert of(found, "repo_spread").state == STALE
    assert found.stale
    assert found.spans["age"][1] > found.spans["age"][0]
    assert gauge(world(3), draws=500).spans["age"][0] == pytest.approx(gauge(world(3)).level)


def test_the_same_seed_gives_the_same_range_and_another_one_nearly():
    first, again, other = (gauge(world(5), seed=s) for s in (1, 1, 2))
    assert (first.low, first.high) == (again.low, again.high)
    assert other.low == pytest.approx(first.low, abs=2.0)
    assert other.high == pytest.approx(first.high, abs=2.0)


def test_other_estimates_alone_move_the_range_from_revisions(monkeypatch):
    def drawn(_, yardstick, __):
        other = yardstick.values.copy()
        other[-1] = np.fmax.reduce(other, axis=0) + 1.0
        return [yardstick.values, other]

    plain = gauge(world(5), draws=400).spans["revisions"]
    monkeypatch.setattr("drypowder.measure.gauge.interval._variants", drawn)
    assert gauge(world(5), draws=400).spans["revisions"][1] > plain[1] + 5.0


def test_fifty_is_the_median_of_the_window():
    assert np.median(gauge(world(7), draws=50).history.level) == pytest.approx(50.0)


def test_what_it_compares_with_must_come_before():
    with pytest.raises(UsageError, match="DP-193"):
        gauge(world(), since=date(2025, 12, 31))


def test_a_day_before_enough_is_known_is_refused_with_what_to_do():
    with pytest.raises(DataMissingError, match=r"DP-191.*data pull"):
        gauge(world(day=datetime(2020, 6, 30, 23, 59, tzinfo=UTC)))
    with pytest.raises(DataMissingError, match="DP-191"):
        gauge(replace(world(), stored={}))


def test_dated_figures_stand_for_absent_denominators_and_say_so():
    bar = of(gauge(world(leave_out=("TLAACBW027SBOG",)), draws=50), "reserves")
    assert bar.state == FRESH
    assert bar.estimated == ("TLAACBW027SBOG",)


def test_a_missing_quarter_is_no_year():
    quarters = np.array(["2024-12-31", "2025-03-31", "2025-06-30", "2025-09-30"])
    from tests.measure.fakes import made_up

    from drypowder.measure.gauge.prints import Prints

    days = np.array(["2025-10-31"], "datetime64[D]")
    whole = Prints.of(made_up("capex:X", quarters, [1, 2, 3, 4]), date.min)
    gap = Prints.of(
        made_up("capex:X", ["2024-09-30", *quarters[[0, 1, 3]]], [1, 2, 3, 4]), date.min
    )
    assert whole.quarters(days, 4, 200).tolist() == [10.0]
    assert np.isnan(gap.quarters(days, 4, 200)[0])


def test_rates_of_a_weekend_are_paired_with_the_nearest_day_and_no_further():
    from tests.measure.fakes import made_up

    from drypowder.measure.gauge.formulas import difference_bp
    from drypowder.measure.gauge.prints import Prints

    above = Prints.of(made_up("SOFR", ["2022-06-30", "2022-07-29"], [1.50, 2.28]), date.min)
    below = Prints.of(made_up("IORB", ["2022-06-30", "2022-07-31"], [1.65, 2.40]), date.min)
    assert difference_bp(above, below, 4).values.tolist() == pytest.approx([-15.0, -12.0])
    far = Prints.of(made_up("IORB", ["2022-06-30"], [1.65]), date.min)
    assert difference_bp(above, far, 4).values.tolist() == pytest.approx([-15.0])


def test_what_firms_placed_is_growth_of_debt_and_deals_since():
    # M2 flat at 20,000. Debt 50 a year before, 60 at the last balance sheet: 10 of 20,000
    quarters = month_ends()[2::3]
    debts = {
        f"debt:{firm}": np.linspace(50, 50 + 2.5 * 23, 24) for firm in ("MSFT", "AMZN", "META")
    }
    from tests.measure.fakes import made_up

    known = world(M2SL=np.full(72, 20_000.0))
    for name, values in debts.items():
        known.stored[name] = made_up(name, quarters, values, lag_days=0)
    bar = of(gauge(known, draws=50), "ai_supply")
    # the deals of Oracle, Meta, Alphabet and Amazon of autumn 2025 are known: 18, 30, 17.5, 15.
    # Meta's and Amazon's are more than the growth of 10 and count instead
    assert bar.value == pytest.approx((10.0 + 30.0 + 15.0 + 18.0 + 17.5) / 20_000.0)


@pytest.mark.parametrize(("day", "since", "said"), [
    (date(2025, 12, 31), date(2025, 9, 30), "confirmed"),
    (date(2025, 12, 31), None, "overturned"),
    (date(2026, 8, 1), date(2026, 1, 30), "overturned"),
    (date(2025, 6, 30), None, "early"),
])  # fmt: skip
def test_a_first_finding_can_be_confirmed_overturned_or_too_early(day, since, said):
    assert rrp_verdict(day, since) == said


def test_the_worst_day_of_repo_can_be_another_one():
    assert repo_verdict(date(2026, 8, 1), date(2025, 10, 31)) == "confirmed"
    assert repo_verdict(date(2026, 8, 1), date(2026, 3, 31)) == "overturned"
    assert repo_verdict(date(2025, 10, 1), date(2025, 9, 30)) == "early"


def test_every_part_says_where_it_comes_from_and_why():
    for each in parts():
        assert len(each.source) > 20
        assert len(each.why) > 20
        assert each.group in ("liquidity", "room")
    with pytest.raises(UsageError, match=r"DP-192.*reserves"):
        part("reservs")


def test_the_trough_of_a_made_up_drought_is_found():
    drought = np.full(72, 2000.0)
    drought[50:55] = 1.0
    known = world(11, RRPONTSYD=drought, WRESBAL=2400.0 + drought)
    found = gauge(known, draws=50)
    low = found.history.days[np.argmin(found.history.level)]
    assert np.datetime64("2024-03-01") < low < np.datetime64("2024-08-01")


def test_series_helper_makes_month_ends():
    assert str(series("X", [1.0, 2.0]).observed_on[1])[:10] == "2020-02-29"
