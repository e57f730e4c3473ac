"""Where a user's runs and figures live: one folder, chosen once for all verbs."""

from __future__ import annotations

import os
from pathlib import Path

HOME_VARIABLE = "DRYPOWDER_HOME"


def home_folder(given: str | Path | None = None) -> Path:
    """The argument, else DRYPOWDER_HOME, else the user's data folder; it need not exist."""
    chosen = given or os.environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_data_dir

    return Path(user_data_dir("drypowder"))
