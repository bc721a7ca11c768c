"""Every test starts from the same seeds, weights included."""

import sys

import pytest


@pytest.fixture(autouse=True)
def _seeded():
    """Seed what draws without being asked: the weights of Keras' layers.

    A test that asks for numbers has a generator of its own. Modules that do
    without Keras are spared its import.
    """
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(7)
