"""Which module of ``gym`` is which module here: the whole of what ``import gym`` offers."""

import sys
from types import ModuleType

from minigym.compat import utils
from minigym.compat.classic import (
    classic_control,
    core,
    error,
    logger,
    monitor,
    registration,
    seeding,
    space_utils,
    spaces,
    toy_text,
    video_recorder,
    wrappers,
)
from minigym.compat.install import GYM

# Packages: fresh modules that hold the public names (`__all__`) of the modules on the right.
PACKAGES: dict[str, tuple[ModuleType, ...]] = {
    "gym.envs": (registration,),
    "gym.envs.classic_control": (classic_control,),
    "gym.envs.toy_text": (toy_text,),
    "gym.spaces": (spaces, space_utils),
    "gym.utils": (utils,),
    "gym.wrappers": (wrappers, monitor),
    "gym.wrappers.monitoring": (),
}
# Modules: the very modules on the right, so that what a program sets in them (gym.logger.MIN_LEVEL) is set.
MODULES: dict[str, ModuleType] = {
    "gym.core": core,
    "gym.envs.classic_control.cartpole": classic_control,
    "gym.envs.classic_control.mountain_car": classic_control,
    "gym.envs.registration": registration,
    "gym.envs.toy_text.discrete": toy_text,
    "gym.envs.toy_text.frozen_lake": toy_text,
    "gym.error": error,
    "gym.logger": logger,
    "gym.spaces.box": spaces,
    "gym.spaces.dict": spaces,
    "gym.spaces.discrete": spaces,
    "gym.spaces.multi_binary": spaces,
    "gym.spaces.multi_discrete": spaces,
    "gym.spaces.space": spaces,
    "gym.spaces.tuple": spaces,
    "gym.spaces.utils": space_utils,
    "gym.utils.ezpickle": utils,
    "gym.utils.seeding": seeding,
    "gym.wrappers.monitor": monitor,
    "gym.wrappers.monitoring.stats_recorder": monitor,
    "gym.wrappers.monitoring.video_recorder": video_recorder,
    "gym.wrappers.record_video": monitor,
    "gym.wrappers.time_limit": wrappers,
}


def populate(gym: ModuleType) -> None:
    """Fill the module ``gym`` while it is being imported."""
    _copy(core, gym)
    _copy(registration, gym, ("make", "register", "spec"))
    gym.Space = spaces.Space  # type: ignore[attr-defined]  # modules take any attribute
    version = ModuleType("gym.version", "The last release of the version chosen.")
    version.VERSION = gym.__version__ = GYM.versions[GYM.chosen()]  # type: ignore[attr-defined]
    _place("gym.version", version)
    for name, sources in PACKAGES.items():
        package = ModuleType(name, sources[0].__doc__ if sources else None)
        package.__path__ = []  # what makes a module a package; there is nothing more on the disk
        for source in sources:
            _copy(source, package)
        _place(name, package)
    for name, module in MODULES.items():
        _place(name, module)


def missing(name: str) -> str:
    """What to say of a name of ``gym`` that there is not."""
    return f"minigym's gym has no {name!r}; what it covers stands in docs/classic.md (with the real gym: restart first)"


def _copy(source: ModuleType, target: ModuleType, names: tuple[str, ...] | None = None) -> None:
    for name in names or source.__all__:
        setattr(target, name, getattr(source, name))


def _place(name: str, module: ModuleType) -> None:
    sys.modules[name] = module
    parent, _, leaf = name.rpartition(".")
    setattr(sys.modules[parent], leaf, module)
