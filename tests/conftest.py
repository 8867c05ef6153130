"""What every test of this suite shares."""

import pytest
from hypothesis import settings

from minigym import registration

# No deadline: a busy machine is no bug. A failing example prints the blob that reproduces it elsewhere.
settings.register_profile("minigym", deadline=None, print_blob=True)
settings.load_profile("minigym")


@pytest.fixture
def own_registry():
    """A registry that the test may change: the old one is back afterwards."""
    before = dict(registration.registry)
    yield registration.registry
    registration.registry.clear()
    registration.registry.update(before)
