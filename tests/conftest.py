"""Every test starts from the same seeds, weights included."""

import random
import sys

import numpy as np
import pytest

SEED = 7


def seed_everything() -> None:
    """Seed what draws without being asked: the weights of Keras' layers.

    A test that asks for numbers has a generator of its own. Keras draws its
    seeds from the module `random`, so they are fixed even before its import,
    which modules that do without it are spared.
    """
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002, for code that uses the global one
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(SEED)


def pytest_collectstart(collector):
    """What a test file builds as it is imported does not depend on others."""
    seed_everything()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Fixtures of a module or a session come before those of a test."""
    seed_everything()


@pytest.fixture(autouse=True)
def _seeded():
    seed_everything()
