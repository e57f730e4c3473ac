"""How every test runs: float64, no silent broadcasting or promotion, shapes checked by beartype."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # a cached program warns in pages

import jax
import jaxtyping
import pytest
from hypothesis import HealthCheck, settings

NUMERICAL_ROOMS = (
    "drypowder.accounts",
    "drypowder.markets",
    "drypowder.channels",
    "drypowder.engine",
)
REPOSITORY = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")

# Before drypowder is imported: every shape in a numerical signature is checked at each call.
jaxtyping.install_import_hook(NUMERICAL_ROOMS, "beartype.beartype")

_COMMON = {
    "deadline": None,  # the first call of a compiled function is slow, the rest are not
    "suppress_health_check": [HealthCheck.too_slow],
}
settings.register_profile("quick", max_examples=25, **_COMMON)
settings.register_profile("ci", max_examples=25, derandomize=True, print_blob=True, **_COMMON)
settings.register_profile("thorough", max_examples=300, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if IN_CI else "quick"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The development data: DRYPOWDER_SHARED, or shared/data beside the repository."""
    default = REPOSITORY.parent / "shared" / "data"
    folder = Path(os.environ.get("DRYPOWDER_SHARED") or default)
    if folder.is_dir():
        return folder
    reason = "the development data is absent; set DRYPOWDER_SHARED to its folder"
    if IN_CI:
        pytest.fail(f"{reason} (it must be there in CI)")
    pytest.skip(reason)
