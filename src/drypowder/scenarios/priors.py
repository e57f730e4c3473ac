"""Parameters of many worlds: path 0 is central, the others are drawn from the priors.

Each number is drawn so that its median is the central value and its density falls linearly to
zero at low and at high (a two-sided triangle; of logarithms where scale = "log"). The draw of a
path depends on (seed, path, name of the parameter) alone: not on chunks, on other paths, on the
scenario, on overrides or on which other parameters there are, so that two scenarios, or two
versions of the model, are compared in the same worlds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from drypowder.accounts.economy import Economy
from drypowder.errors import UsageError
from drypowder.scenarios.parameters import Parameter

Arrays = dict[str, np.ndarray]

OTHERS = "others"  # entry that stands for every name without one of its own
_BLOCK = 4  # numbers that Philox gives at each step of its counter


def draw(known: Mapping[str, Parameter], paths: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Value of each parameter in each of the given paths.

    Args:
        known: the scenario's parameters, by name.
        paths: path numbers, any order, repeats allowed; 0 is central.
    """
    return {
        name: _quantile(each, _uniform(paths, seed, name), paths) for name, each in known.items()
    }


def expand(
    drawn: Mapping[str, np.ndarray], table: str, names: Sequence[str], groups: Sequence[str] = ()
) -> np.ndarray:
    """One row for each name: its own entry, else its group's, else that of `others`.

    Args:
        drawn: values by parameter name, each (path,).
        names: sectors or instruments. groups: the group of each, if any.

    Raises:
        UsageError: DP-059 if a name has no entry.
    """
    entries = {k.partition(".")[2]: v for k, v in drawn.items() if k.split(".")[0] == table}
    rows = []
    for position, name in enumerate(names):
        group = groups[position] if groups else ""
        row = next((entries[key] for key in (name, group, OTHERS) if key in entries), None)
        if row is None:
            hint = f"Add {name} or others to it."
            raise UsageError("DP-059", f"parameters: {table} has no entry for {name}.", hint)
        rows.append(row)
    return np.stack(rows)


def scalars(drawn: Mapping[str, np.ndarray], names: Sequence[str]) -> Arrays:
    """Single numbers by name, each (path,)."""
    return {name: drawn[name] for name in names}


def by_sector(drawn: Mapping[str, np.ndarray], table: str, economy: Economy) -> np.ndarray:
    """A table with one row for each sector (sector, path)."""
    return expand(drawn, table, economy.sector_names)


def by_asset(
    drawn: Mapping[str, np.ndarray], table: str, economy: Economy, kind: str = "cleared"
) -> np.ndarray:
    """A table with one row for each instrument of a kind (instrument, path)."""
    instruments = economy.instruments[economy.columns(kind)]
    return expand(drawn, table, [i.name for i in instruments], [i.group for i in instruments])


def summing_to_one(shares: np.ndarray) -> np.ndarray:
    """Drawn shares scaled so that they add up in every path."""
    return shares / shares.sum(axis=0, keepdims=True)


def _uniform(paths: np.ndarray, seed: int, name: str) -> np.ndarray:
    """Uniform numbers of the paths, counted by (seed, name, path)."""
    stream = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
    block = int(paths.min()) // _BLOCK
    bits = np.random.Philox(key=[seed % 2**64, stream]).advance(block)
    numbers = np.random.Generator(bits).random(int(paths.max()) - _BLOCK * block + 1)
    return numbers[paths - _BLOCK * block]


def _quantile(parameter: Parameter, uniform: np.ndarray, paths: np.ndarray) -> np.ndarray:
    """The two-sided triangle, exact at its median and never outside its ends."""
    low, value, high = parameter.low, parameter.value, parameter.high
    if not parameter.drawn or low == high:
        return np.full(len(paths), value)
    logs = parameter.scale == "log"
    ends = np.log([low, value, high]) if logs else np.array([low, value, high])
    below = ends[1] - (ends[1] - ends[0]) * (1.0 - np.sqrt(2.0 * np.minimum(uniform, 0.5)))
    above = ends[1] + (ends[2] - ends[1]) * (1.0 - np.sqrt(2.0 * np.minimum(1.0 - uniform, 0.5)))
    drawn = np.where(uniform < 0.5, below, above)
    drawn = np.clip(np.exp(drawn) if logs else drawn, low, high)
    return np.where(paths == 0, value, drawn)
