"""The development data imported once a session, whoever asks first."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

_DONE = "imported"


@pytest.fixture(scope="session")
def imported_store(shared_data: Path, tmp_path_factory: pytest.TempPathFactory):
    """A store that holds the whole development folder; read it, never write to it."""
    from drypowder.data import open_store
    from drypowder.data.importing import import_path

    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent  # shared by the workers of one run
    home = base / "imported_home"
    home.mkdir(exist_ok=True)
    with (base / "imported.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        store = open_store(home)
        if not (home / _DONE).exists():
            import_path(store, shared_data)
            (home / _DONE).touch()
    return store
