"""A publisher on this machine, a clock that nobody waits for, and a store that starts empty."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.data.connectors.publisher import NOW, SOURCES, Clock

from drypowder.data import open_store
from drypowder.data.connectors._settings import manners
from drypowder.data.connectors.raw import RawStore
from drypowder.data.connectors.wire import Session


@pytest.fixture(autouse=True)
def sources(httpserver, monkeypatch):
    """Every source answers here, and no key or contact of this machine leaks in."""
    for name in SOURCES:
        monkeypatch.setenv(f"DRYPOWDER_{name.upper()}_URL", httpserver.url_for("").rstrip("/"))
    for name in ("FRED_API_KEY", "DRYPOWDER_CONTACT", "DRYPOWDER_CCXT_KEY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "home", shipped=False)


@pytest.fixture
def session(tmp_path, clock):
    made = Session(
        RawStore(tmp_path / "home" / "data" / "raw"),
        clock=clock,
        sleep=clock.sleep,
        now=lambda: NOW,
        manners=manners(),
    )
    yield made
    made.close()


@pytest.fixture
def wire(shared_data) -> Path:
    """Real replies of publishers."""
    return shared_data / "wire"
