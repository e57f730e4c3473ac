"""A process that appends batches to a store and says so after each: run as a script, then killed.

Batch k of writer w holds seven prints of `own:w` on seven days that no other batch uses.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import numpy as np

from drypowder.data import Copy, open_store

ROWS = 7
FETCHED = datetime(2026, 11, 1, tzinfo=UTC)


def batch(writer: str, number: int) -> Copy:
    """Days of batch k begin k * 7 days after the first of January 2000."""
    days = np.datetime64("2000-01-01", "us") + np.arange(ROWS) * np.timedelta64(1, "D")
    days = days + np.timedelta64(ROWS * number, "D")
    return Copy(f"own:{writer}", days, np.full(ROWS, float(number)), FETCHED, unit="count")


def main(home: str, writer: str, first: int, last: int) -> None:
    store = open_store(home, shipped=False)
    for number in range(first, last):
        store.append([batch(writer, number)])
        print(number, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
