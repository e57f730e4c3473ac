"""Every number traces to bytes: replies kept under their own SHA-256, before anybody reads them.

    raw/<sha256>.<ext>          the reply
    raw/<sha256>.about.json     to which question (no key in it), with which headers, when
    raw/asked/<sha256>.json     for each question its latest good reply, for 304 and --offline

Files are written to a temporary name and renamed: a reader never sees half of one. A reply enters
`asked` only after it could be read, so that a bad one never replaces a good one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drypowder.data.refusals import phrase

KEPT_HEADERS = ("content-type", "date", "etag", "last-modified")


@dataclass(frozen=True)
class Kept:
    """One reply in the store."""

    sha256: str
    path: Path
    url: str  # without key
    fetched_at: str  # ISO 8601, UTC: when the bytes came
    headers: dict[str, str]

    def bytes(self) -> bytes:
        """The reply. Raises: OSError if it is gone; ValueError if it is no longer what it was."""
        content = self.path.read_bytes()
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise ValueError(phrase("reply_changed", name=self.path.name))
        return content


class RawStore:
    """The folder of replies; `keep` writes bytes, `remember` says that they are good."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(
        self, content: bytes, *, url: str, extension: str, headers: dict[str, str], at: str
    ) -> Kept:
        """Store a reply under its hash, with what is known about it; the same bytes once."""
        sha = hashlib.sha256(content).hexdigest()
        path = self.folder / f"{sha}.{extension}"
        about = {name: value for name, value in headers.items() if name in KEPT_HEADERS}
        kept = Kept(sha, path, url, at, about)
        if not path.exists() or path.read_bytes() != content:  # a damaged copy is mended
            _write(path, content)
        side = self.folder / f"{sha}.about.json"
        if not side.exists():
            _write(side, _dumped({"url": url, "fetched_at": at, "headers": about}))
        return kept

    def remember(self, kept: Kept, *, checked_at: str) -> None:
        """This reply could be read: it answers its question until a newer one does."""
        entry = {"url": kept.url, "file": kept.path.name, "sha256": kept.sha256,
                 "fetched_at": kept.fetched_at, "checked_at": checked_at,
                 "headers": kept.headers}  # fmt: skip
        _write(self._asked(kept.url), _dumped(entry))

    def recall(self, url: str) -> Kept | None:
        """The latest good reply to a question; None where there is none or its bytes are lost."""
        try:
            entry = json.loads(self._asked(url).read_text(encoding="utf-8"))
            kept = Kept(
                entry["sha256"], self.folder / entry["file"], url, entry["fetched_at"],
                entry["headers"],
            )  # fmt: skip
            kept.bytes()
        except (OSError, ValueError, KeyError):
            return None
        return kept

    def _asked(self, url: str) -> Path:
        return self.folder / "asked" / f"{hashlib.sha256(url.encode()).hexdigest()}.json"


def _dumped(entry: dict[str, Any]) -> bytes:
    return (json.dumps(entry, indent=1, sort_keys=True) + "\n").encode()


def _write(path: Path, content: bytes) -> None:
    """A whole file or none, whoever else writes the same one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
