"""What every test of this suite shares."""

import sys

import pytest
from gymnasium.envs.classic_control import CartPoleEnv, MountainCarEnv
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv
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


@pytest.fixture(autouse=True)
def _references_own_metadata():
    """Gymnasium's batches write their autoreset mode into the metadata of the environment's class: undo that."""
    kinds = CartPoleEnv, FrozenLakeEnv, MountainCarEnv
    before = [dict(kind.metadata) for kind in kinds]
    yield
    for kind, metadata in zip(kinds, before, strict=True):
        kind.metadata.clear()
        kind.metadata.update(metadata)


@pytest.fixture(autouse=True)
def _no_display_left_on():
    """The reference's pictures leave pygame's display on, and a window of ours leaves it as it finds it."""
    yield
    pygame = sys.modules.get("pygame")
    if pygame is not None and pygame.display.get_init():
        pygame.quit()
