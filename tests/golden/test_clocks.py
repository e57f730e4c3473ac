"""The same essay on three clocks: business days, every day, weeks."""

import numpy as np
import pytest

import drypowder


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clocks")
    found = {"business": drypowder.simulate("essay", years=0.5)}
    for clock in ("calendar", "weekly"):
        file = folder / f"{clock}.toml"
        file.write_text(
            f'extends = "essay"\nname = "{clock}"\ntitle = "essay, {clock}"\nclock = "{clock}"\n'
        )
        found[clock] = drypowder.simulate(file, years=0.5)
    return found


def test_the_clock_does_not_decide_where_prices_end(runs):
    ends = {clock: np.log(run.prices[0, -1]) for clock, run in runs.items()}
    np.testing.assert_allclose(ends["calendar"], ends["business"], atol=2e-3)
    np.testing.assert_allclose(ends["weekly"], ends["business"], atol=2e-3)
    for run in runs.values():
        assert run.failures == ()
        run.assert_balanced()


def test_on_a_saturday_only_coins_trade(runs):
    run = runs["calendar"]
    saturdays = np.flatnonzero((run.dates.astype(int) + 3) % 7 == 5)
    saturdays = saturdays[saturdays > 0]
    cleared = run.economy.columns("cleared")
    coins = [run.economy.instrument(name) for name in ("bitcoin", "alt_crypto")]
    moved = np.abs(run.prices[0, saturdays] - run.prices[0, saturdays - 1])
    closed = [k for k in range(cleared.start, cleared.stop) if k not in coins]
    assert moved[:, closed].max() == 0.0
    assert moved[:, coins].max() > 0.0
