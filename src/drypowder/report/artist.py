"""A helper process that loads the drawing library while the simulator loads, then draws the page.

Drawing takes a second and a half of a first run, most of it imports that no thread can share.
The helper draws what the caller would have drawn, to the byte; if there is none, or it fails, the
caller draws.
"""

from __future__ import annotations

import contextlib
import gc
import pickle
import subprocess
import sys
from types import TracebackType
from typing import Self

from drypowder.report.record import Record
from drypowder.report.words import Catalogue


class Artist:
    """One page, drawn elsewhere: `begin` hands the record over, `page` waits for the result."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "drypowder.report.artist"]
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is None:
            return
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()

    def begin(self, record: Record, words: Catalogue) -> None:
        """Hand over what to draw."""
        if self._process and self._process.stdin:
            with contextlib.suppress(OSError), self._process.stdin as pipe:
                pipe.write(pickle.dumps((record, words.lang)))

    def page(self, record: Record, words: Catalogue) -> str:
        """The page that was begun, or drawn here where the helper could not."""
        from drypowder.report.html import page

        drawn = self._process.stdout.read() if self._process and self._process.stdout else b""
        finished = self._process is not None and self._process.wait() == 0
        return drawn.decode() if finished and drawn else page(record, words)


def main() -> None:
    """The helper: load, wait for a record, answer with its page."""
    import matplotlib.backends.backend_svg
    import matplotlib.dates
    import matplotlib.figure  # noqa: F401

    from drypowder.report.html import page

    gc.disable()  # one page and out: there is nothing to tidy up
    record, lang = pickle.load(sys.stdin.buffer)
    sys.stdout.buffer.write(page(record, Catalogue(lang)).encode())


if __name__ == "__main__":
    main()
