"""Asking a publisher politely: slowly, patiently, only for what has changed.

A `Session` holds what all questions of one pull share: the raw store, the clock, and when each host
was last asked. `get` waits its turn, asks with the ETag of the reply it has, asks again after a
passing fault, keeps the bytes, has them read, and only then lets them answer the question.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from drypowder._version import __version__
from drypowder.data.connectors import _refusals as refusals
from drypowder.data.connectors._settings import Manners, Provider, manners
from drypowder.data.connectors.raw import Kept, RawStore
from drypowder.data.refusals import phrase
from drypowder.errors import DrypowderError

Read = TypeVar("Read")
_PASSING = (429, 500, 502, 503, 504)  # worth asking again
_TOO_MANY = 429
_ABSENT = (404, 410)
_NOT_MODIFIED = 304
_HIDDEN = b"[key]"


class Passing(Exception):
    """A fault that may be gone in a moment.

    Args:
        answered: whether anybody was there; throttled: he said that we ask too often.
        wait_s: for how long the source asks us to wait.
    """

    def __init__(
        self, fault: str, *, answered: bool, throttled: bool = False, wait_s: float = 0.0
    ) -> None:
        super().__init__(fault)
        self.answered, self.wait_s = answered, wait_s
        self.of_the_host = throttled or not answered  # no other question would fare better


@dataclass(frozen=True)
class Reply:
    """Bytes with their provenance."""

    content: bytes
    kept: Kept
    fresh: bool  # false: the source said 304, or the store answered offline

    @property
    def fetched_at(self) -> datetime:
        """When the bytes came, UTC."""
        return datetime.fromisoformat(self.kept.fetched_at)


@dataclass
class Session:
    """One pull: what its questions share. Clock and sleep are given so that tests need not wait."""

    raw: RawStore
    offline: bool = False
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    manners: Manners = field(default_factory=manners)
    asked: int = 0  # requests sent
    _last: dict[str, float] = field(default_factory=dict)  # host -> when it was last asked
    _given_up: dict[str, DrypowderError] = field(default_factory=dict)  # host -> why
    _client: Any = None

    def get(
        self,
        source: Provider,
        path: str,
        params: Mapping[str, str],
        read: Callable[[Reply], Read],
        *,
        extension: str,
        secret: Mapping[str, str] | None = None,
    ) -> Read:
        """Ask, keep the bytes, and return what `read` makes of them.

        Args:
            path: below the source's host; params: as they may be printed; secret: those that may
                not.
            extension: of the kept file, csv or json.
        Raises:
            DataMissingError: DP-180 no network, DP-181 refused, DP-183 not there, DP-184 offline.
            Others: whatever `read` raises; the reply then does not replace an earlier one.
        """
        url = address(source, path, params)
        if self.offline:
            return read(self._kept(source, url))
        reply = self._fetch(source, url, self.raw.recall(url), secret or {}, extension)
        made = read(reply)
        self.raw.remember(reply.kept, checked_at=self.now().isoformat())
        return made

    def through(
        self,
        source: Provider,
        url: str,
        once: Callable[[], bytes],
        read: Callable[[Reply], Read],
        *,
        extension: str,
    ) -> Read:
        """As `get` where a library does the asking: `once` returns its bytes or raises Passing."""
        if self.offline:
            return read(self._kept(source, url))

        def turn() -> bytes:
            self.take_turn(urlsplit(url).netloc, source.pause_s)
            self.asked += 1
            return once()

        content, at = self.patiently(source, url, turn), self.now().isoformat()
        kept = self.raw.keep(content, url=url, extension=extension, headers={}, at=at)
        made = read(Reply(content, kept, fresh=True))
        self.raw.remember(kept, checked_at=at)
        return made

    def _kept(self, source: Provider, url: str) -> Reply:
        """The last good reply to a question. Raises DataMissingError DP-184."""
        known = self.raw.recall(url)
        if known is None:
            raise refusals.not_kept(source.title, url)
        return Reply(known.bytes(), known, fresh=False)

    def take_turn(self, host: str, pause_s: float) -> None:
        """Wait until a host may be asked again."""
        if host in self._last:
            wait = self._last[host] + pause_s - self.clock()
            if wait > 0.0:
                self.sleep(wait)
        self._last[host] = self.clock()

    def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _fetch(
        self,
        source: Provider,
        url: str,
        known: Kept | None,
        secret: Mapping[str, str],
        extension: str,
    ) -> Reply:
        headers = _headers(source, known)
        answer = self.patiently(source, url, lambda: self._once(source, url, headers, secret))
        if answer.status_code == _NOT_MODIFIED and known is not None:
            return Reply(known.bytes(), known, fresh=False)
        if answer.status_code in _ABSENT:
            raise refusals.unknown(source.title, url)
        if answer.status_code != 200:
            raise refusals.refused(source.title, url, f"HTTP {answer.status_code}")
        content = _without(answer.content, secret)
        kept = self.raw.keep(
            content, url=url, extension=extension, headers=dict(answer.headers),
            at=self.now().isoformat(),
        )  # fmt: skip
        return Reply(content, kept, fresh=True)

    def patiently(self, source: Provider, url: str, once: Callable[[], Read]) -> Read:
        """Try as often as manners allow; a host that failed so is not asked again in this pull.

        Raises:
            DataMissingError: DP-180 nobody answers, DP-181 the source refuses.
        """
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

        host = urlsplit(url).netloc
        if host in self._given_up:
            raise self._given_up[host]
        tries = Retrying(
            stop=stop_after_attempt(self.manners.tries),
            wait=lambda state: self._wait_s(state.attempt_number, state.outcome),
            retry=retry_if_exception_type(Passing),
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return tries(once)
        except Passing as fault:
            refusal = refusals.refused if fault.answered else refusals.unreachable
            error = refusal(source.title, url, str(fault))
            if fault.of_the_host:
                self._given_up[host] = error
            raise error from None

    def _wait_s(self, attempt: int, outcome: Any) -> float:
        """What the source asked for, else twice as long as the time before."""
        asked = outcome.exception().wait_s if outcome is not None else 0.0
        backoff = self.manners.first_wait_s * 2.0 ** (attempt - 1)
        return min(max(asked, backoff), self.manners.longest_wait_s)

    def _once(
        self, source: Provider, url: str, headers: dict[str, str], secret: Mapping[str, str]
    ) -> Any:
        """One request. Raises Passing where another one may do better."""
        import httpx2

        self.take_turn(urlsplit(url).netloc, source.pause_s)
        self.asked += 1
        whole = url + ("&" if "?" in url else "?") + urlencode(secret) if secret else url
        try:
            answer = self._connected().get(whole, headers=headers)
        except httpx2.TransportError as error:
            fault = str(error) or type(error).__name__
            raise Passing(fault, answered=False) from None
        except httpx2.HTTPError as error:
            raise refusals.refused(source.title, url, type(error).__name__) from None
        if answer.status_code not in _PASSING:
            return answer
        wait_s = self._asked_wait_s(answer.headers.get("retry-after", ""))
        fault, throttled = f"HTTP {answer.status_code}", answer.status_code == _TOO_MANY
        if wait_s > self.manners.longest_wait_s:
            fault = phrase("asks_to_wait", fault=fault, seconds=f"{wait_s:.0f}")
            raise refusals.refused(source.title, url, fault)
        raise Passing(fault, answered=True, throttled=throttled, wait_s=wait_s)

    def _asked_wait_s(self, given: str) -> float:
        """Retry-After in seconds, from a number or a date."""
        if given.strip().isdigit():
            return float(given)
        try:
            until = parsedate_to_datetime(given)
        except (TypeError, ValueError):
            return 0.0
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        return max((until - self.now()).total_seconds(), 0.0)

    def _connected(self) -> Any:
        if self._client is None:
            import httpx2

            for name in ("httpx2", "httpcore2"):  # their lines would hold whole URLs, key included
                logging.getLogger(name).setLevel(logging.WARNING)
            self._client = httpx2.Client(timeout=self.manners.timeout_s, follow_redirects=True)
        return self._client


def address(source: Provider, path: str, params: Mapping[str, str]) -> str:
    """The question as an address: parameters in a fixed order, so that it is always the same."""
    asked = urlencode(sorted(params.items()), quote_via=quote, safe=",:")
    return f"{source.url}{path}" + (f"?{asked}" if asked else "")


def user_agent(source: Provider) -> str:
    """Who asks. Raises DataMissingError DP-182 where the source insists on a contact."""
    contact = source.contact()
    return f"drypowder/{__version__} (economic research" + (f"; {contact})" if contact else ")")


def _headers(source: Provider, known: Kept | None) -> dict[str, str]:
    headers = {"User-Agent": user_agent(source), "Accept-Encoding": "gzip"}
    if known is not None and "etag" in known.headers:
        headers["If-None-Match"] = known.headers["etag"]
    elif known is not None and "last-modified" in known.headers:
        headers["If-Modified-Since"] = known.headers["last-modified"]
    return headers


def _without(content: bytes, secret: Mapping[str, str]) -> bytes:
    """A reply that quotes the question must not carry the key into the store."""
    for value in secret.values():
        content = content.replace(value.encode(), _HIDDEN)
    return content
