"""What can go wrong between a publisher and us: what, where, what to do.

Exit 3 (data missing) where a source cannot be had: no network, refused, no key, unknown there, not
kept for offline use, extra not installed. Exit 1 where a reply came and is not what it should be.
"""

from __future__ import annotations

from drypowder.data.refusals import refusal
from drypowder.errors import DataMissingError, DrypowderError


def unreachable(source: str, url: str, fault: str) -> DrypowderError:
    """DP-180: nobody answered."""
    return refusal("DP-180", "unreachable", DataMissingError, source=source, url=url, fault=fault)


def refused(source: str, url: str, fault: str) -> DrypowderError:
    """DP-181: asked too often, or the source is out of order."""
    return refusal("DP-181", "refused", DataMissingError, source=source, url=url, fault=fault)


def no_key(source: str, variables: str) -> DrypowderError:
    """DP-182: only customers, or those with a key, are told."""
    return refusal("DP-182", "no_key", DataMissingError, source=source, variables=variables)


def unknown(source: str, what: str) -> DrypowderError:
    """DP-183: the source does not have it."""
    return refusal("DP-183", "unknown", DataMissingError, source=source, what=what)


def not_kept(source: str, url: str) -> DrypowderError:
    """DP-184: offline, and this was never fetched."""
    return refusal("DP-184", "not_kept", DataMissingError, source=source, url=url)


def not_readable(source: str, url: str, fault: str) -> DrypowderError:
    """DP-185: HTML instead of data, half a reply, or nothing."""
    return refusal("DP-185", "not_readable", DrypowderError, source=source, url=url, fault=fault)


def changed(source: str, what: str, fault: str) -> DrypowderError:
    """DP-186: the reply is data, but not in the form we know."""
    return refusal("DP-186", "changed", DrypowderError, source=source, what=what, fault=fault)


def wrong_unit(source: str, series: str, fault: str) -> DrypowderError:
    """DP-187: a number in another unit than it should be, or a thousand times too large."""
    return refusal(
        "DP-187", "wrong_unit", DrypowderError, source=source, series=series, fault=fault
    )


def not_installed(source: str, extra: str) -> DrypowderError:
    """DP-188: an optional package is missing."""
    return refusal("DP-188", "not_installed", DataMissingError, source=source, extra=extra)
