"""Which module of ``gymnasium`` holds which names of minigym: the whole of what ``import gymnasium`` offers.

The tables here are those of 1.x; ``minigym.compat.profile_029.surface`` has those of 0.29.
"""

import importlib
import importlib.util
import sys
from functools import partial
from types import ModuleType
from typing import Any

from minigym import registration
from minigym.compat.install import GYMNASIUM
from minigym.compat.modern import logger
from minigym.core import EnvSpec
from minigym.registration.making import Manner

# minigym's batch engines, which Gymnasium has no names for.
_ENGINES = "BatchEnv,CartPoleVectorEnv,FrozenLakeVectorEnv,LinearPolicy,MountainCarVectorEnv,Rollout,TabularVectorEnv"

# Fresh modules, each with the public names of the modules on the right: all, or those after ":", or all but those
# after ":-".
MODULES: dict[str, tuple[str, ...]] = {
    "gymnasium.error": ("minigym.compat.modern.error",),
    "gymnasium.spaces": ("minigym.spaces:-utils",),
    "gymnasium.spaces.box": ("minigym.spaces.box",),
    "gymnasium.spaces.dict": ("minigym.spaces.dict",),
    "gymnasium.spaces.discrete": ("minigym.spaces.discrete", "minigym.compat.modern.names:IntType"),
    "gymnasium.spaces.graph": ("minigym.spaces.graph",),
    "gymnasium.spaces.multi_binary": ("minigym.spaces.multi_binary",),
    "gymnasium.spaces.multi_discrete": ("minigym.spaces.multi_discrete",),
    "gymnasium.spaces.oneof": ("minigym.spaces.one_of",),
    "gymnasium.spaces.sequence": ("minigym.spaces.sequence",),
    "gymnasium.spaces.space": ("minigym.spaces:Space", "minigym.compat.modern.names:T_cov,MaskNDArray"),
    "gymnasium.spaces.text": ("minigym.spaces.text:Text,alphanumeric",),
    "gymnasium.spaces.tuple": ("minigym.spaces.tuple",),
    "gymnasium.spaces.utils": ("minigym.spaces.utils", "minigym.compat.modern.names:T,FlatType"),
    "gymnasium.core": (
        "minigym.core:Env,Wrapper,ObservationWrapper,ActionWrapper,RewardWrapper",
        "minigym.core:ObsType,ActType,WrapperObsType,WrapperActType,RenderFrame",
    ),
    "gymnasium.utils": ("minigym.compat.utils", "minigym.core:RecordConstructorArgs"),
    "gymnasium.utils.colorize": ("minigym.compat.utils:colorize,color2num",),
    "gymnasium.utils.env_checker": ("minigym.compat.modern.env_checker",),
    "gymnasium.utils.env_match": ("minigym.compat.modern.env_match",),
    "gymnasium.utils.ezpickle": ("minigym.compat.utils:EzPickle",),
    "gymnasium.utils.passive_env_checker": ("minigym.compat.modern.passive_env_checker",),
    "gymnasium.utils.performance": ("minigym.compat.modern.performance",),
    "gymnasium.utils.record_constructor": ("minigym.core:RecordConstructorArgs",),
    "gymnasium.utils.save_video": ("minigym.render:save_video", "minigym.render.video:capped_cubic_video_schedule"),
    "gymnasium.utils.seeding": ("minigym.seeding:np_random,RandomNumberGenerator,RNG",),
    "gymnasium.utils.step_api_compatibility": ("minigym.compat.modern.step_api_compatibility",),
    "gymnasium.vector": (f"minigym.vector:-{_ENGINES}",),
    "gymnasium.vector.async_vector_env": ("minigym.vector.async_vector_env:AsyncVectorEnv,AsyncState",),
    "gymnasium.vector.sync_vector_env": ("minigym.vector:SyncVectorEnv",),
    "gymnasium.vector.vector_env": (
        f"minigym.vector:-AsyncVectorEnv,SyncVectorEnv,utils,{_ENGINES}",
        "minigym.core:ArrayType",
    ),
    "gymnasium.vector.utils": ("minigym.vector.utils:-checked_actions",),
    "gymnasium.vector.utils.misc": ("minigym.vector.utils:CloudpickleWrapper,clear_mpi_env_vars",),
    "gymnasium.vector.utils.shared_memory": (
        "minigym.vector.utils:create_shared_memory,read_from_shared_memory,write_to_shared_memory",
    ),
    "gymnasium.vector.utils.space_utils": (
        "minigym.vector.utils:batch_space,batch_differing_spaces,concatenate,create_empty_array,iterate",
    ),
    "gymnasium.wrappers": ("minigym.wrappers",),
    "gymnasium.wrappers.common": ("minigym.wrappers.common",),
    "gymnasium.wrappers.rendering": ("minigym.wrappers.rendering",),
    "gymnasium.wrappers.stateful_action": ("minigym.wrappers.stateful_action",),
    "gymnasium.wrappers.stateful_observation": ("minigym.wrappers.stateful_observation",),
    "gymnasium.wrappers.stateful_reward": ("minigym.wrappers.stateful_reward",),
    "gymnasium.wrappers.transform_action": ("minigym.wrappers.transform_action",),
    "gymnasium.wrappers.transform_observation": (
        "minigym.wrappers.transform_observation",
        "minigym.wrappers:AddRenderObservation",
    ),
    "gymnasium.wrappers.transform_reward": ("minigym.wrappers.transform_reward",),
    "gymnasium.wrappers.utils": ("minigym.wrappers.utils",),
    "gymnasium.wrappers.vector": ("minigym.wrappers.vector",),
    "gymnasium.wrappers.vector.common": ("minigym.wrappers.vector.common",),
    "gymnasium.wrappers.vector.dict_info_to_list": ("minigym.wrappers.vector.dict_info_to_list",),
    "gymnasium.wrappers.vector.rendering": ("minigym.wrappers.vector.rendering",),
    "gymnasium.wrappers.vector.stateful_observation": ("minigym.wrappers.vector.stateful_observation",),
    "gymnasium.wrappers.vector.stateful_reward": ("minigym.wrappers.vector.stateful_reward",),
    "gymnasium.wrappers.vector.vectorize_action": ("minigym.wrappers.vector.vectorize_action",),
    "gymnasium.wrappers.vector.vectorize_observation": ("minigym.wrappers.vector.vectorize_observation",),
    "gymnasium.wrappers.vector.vectorize_reward": ("minigym.wrappers.vector.vectorize_reward",),
    "gymnasium.envs": ("gymnasium.envs.registration:make,pprint_registry,register,registry,spec",),
    "gymnasium.envs.classic_control": ("minigym.compat.modern.envs:CartPoleEnv,MountainCarEnv",),
    "gymnasium.envs.classic_control.cartpole": (
        "minigym.compat.modern.envs:CartPoleEnv",
        "minigym.compat.modern.cart_pole_batch:CartPoleVectorEnv",
    ),
    "gymnasium.envs.classic_control.mountain_car": ("minigym.compat.modern.envs:MountainCarEnv",),
    "gymnasium.envs.classic_control.utils": (
        "minigym.compat.modern.names:maybe_parse_reset_bounds,verify_number_and_cast",
    ),
    "gymnasium.envs.toy_text": ("minigym.compat.modern.envs:FrozenLakeEnv",),
    "gymnasium.envs.toy_text.frozen_lake": ("minigym.compat.modern.envs:-CartPoleEnv,MountainCarEnv",),
    "gymnasium.envs.toy_text.utils": ("minigym.compat.modern.envs:categorical_sample",),
    "gymnasium.experimental": (),
}

# Modules that are the very module on the right, so that what a program sets in them (min_level) is set.
SAME: dict[str, str] = {"gymnasium.logger": "minigym.compat.modern.logger"}

TOP = (
    "gymnasium.core:Env,Wrapper,ObservationWrapper,ActionWrapper,RewardWrapper",
    "gymnasium.spaces:Space",
    "gymnasium.envs.registration:make,make_vec,spec,register,registry,VectorizeMode,pprint_registry,register_envs",
)

# What there is not, and why. The names are modules, or names in them.
_ANOTHER = "not one of minigym's environments"
_OPENCV = "resizes with OpenCV, whose every bit it would have to match"
_ARRAYS = "converts between array libraries, through the package array-api-compat"
ABSENT: dict[str, str] = {
    "gymnasium.envs.box2d": _ANOTHER,
    "gymnasium.envs.classic_control.AcrobotEnv": _ANOTHER,
    "gymnasium.envs.classic_control.Continuous_MountainCarEnv": _ANOTHER,
    "gymnasium.envs.classic_control.PendulumEnv": _ANOTHER,
    "gymnasium.envs.mujoco": _ANOTHER,
    "gymnasium.envs.phys2d": "environments for JAX",
    "gymnasium.envs.tabular": "environments for JAX",
    "gymnasium.envs.toy_text.BlackjackEnv": _ANOTHER,
    "gymnasium.envs.toy_text.CliffWalkingEnv": _ANOTHER,
    "gymnasium.envs.toy_text.TaxiEnv": _ANOTHER,
    "gymnasium.experimental.functional": "the base class of environments for JAX",
    "gymnasium.spaces.box.array_short_repr": "an inner helper of Box",
    "gymnasium.spaces.box.is_float_integer": "an inner helper of Box",
    "gymnasium.utils.play": "playing by hand will be `python -m minigym play`",
    "gymnasium.wrappers.ArrayConversion": _ARRAYS,
    "gymnasium.wrappers.AtariPreprocessing": "for Atari games, which minigym has none of",
    "gymnasium.wrappers.JaxToNumpy": _ARRAYS,
    "gymnasium.wrappers.JaxToTorch": _ARRAYS,
    "gymnasium.wrappers.NumpyToTorch": _ARRAYS,
    "gymnasium.wrappers.ResizeObservation": _OPENCV,
    "gymnasium.wrappers.array_conversion": _ARRAYS,
    "gymnasium.wrappers.atari_preprocessing": "for Atari games, which minigym has none of",
    "gymnasium.wrappers.jax_to_numpy": _ARRAYS,
    "gymnasium.wrappers.jax_to_torch": _ARRAYS,
    "gymnasium.wrappers.numpy_to_torch": _ARRAYS,
    "gymnasium.wrappers.transform_observation.ResizeObservation": _OPENCV,
    "gymnasium.wrappers.vector.ArrayConversion": _ARRAYS,
    "gymnasium.wrappers.vector.JaxToNumpy": _ARRAYS,
    "gymnasium.wrappers.vector.JaxToTorch": _ARRAYS,
    "gymnasium.wrappers.vector.NumpyToTorch": _ARRAYS,
    "gymnasium.wrappers.vector.ResizeObservation": _OPENCV,
    "gymnasium.wrappers.vector.array_conversion": _ARRAYS,
    "gymnasium.wrappers.vector.jax_to_numpy": _ARRAYS,
    "gymnasium.wrappers.vector.jax_to_torch": _ARRAYS,
    "gymnasium.wrappers.vector.numpy_to_torch": _ARRAYS,
    "gymnasium.wrappers.vector.vectorize_observation.ResizeObservation": _OPENCV,
}

IDS: tuple[dict[str, Any], ...] = (
    {
        "id": "FrozenLake-v1",
        "entry_point": "gymnasium.envs.toy_text.frozen_lake:FrozenLakeEnv",
        "kwargs": {"map_name": "4x4"},
        "max_episode_steps": 100,
        "reward_threshold": 0.70,
    },
    {
        "id": "FrozenLake8x8-v1",
        "entry_point": "gymnasium.envs.toy_text.frozen_lake:FrozenLakeEnv",
        "kwargs": {"map_name": "8x8"},
        "max_episode_steps": 200,
        "reward_threshold": 0.85,
    },
    {
        "id": "CartPole-v0",
        "entry_point": "gymnasium.envs.classic_control.cartpole:CartPoleEnv",
        "vector_entry_point": "gymnasium.envs.classic_control.cartpole:CartPoleVectorEnv",
        "max_episode_steps": 200,
        "reward_threshold": 195.0,
    },
    {
        "id": "CartPole-v1",
        "entry_point": "gymnasium.envs.classic_control.cartpole:CartPoleEnv",
        "vector_entry_point": "gymnasium.envs.classic_control.cartpole:CartPoleVectorEnv",
        "max_episode_steps": 500,
        "reward_threshold": 475.0,
    },
    {
        "id": "MountainCar-v0",
        "entry_point": "gymnasium.envs.classic_control.mountain_car:MountainCarEnv",
        "max_episode_steps": 200,
        "reward_threshold": -110.0,
    },
)


def populate(gymnasium: ModuleType) -> None:
    """Fill the module ``gymnasium`` while it is being imported."""
    profile = GYMNASIUM.chosen()
    tables = chosen_tables()
    gymnasium.__version__ = GYMNASIUM.versions[profile]  # type: ignore[attr-defined]  # modules take any attribute
    names = {*tables.MODULES, *tables.SAME, "gymnasium.envs.registration"}
    for name in sorted(names, key=lambda name: name.count(".")):  # parents first
        module = importlib.import_module(tables.SAME[name]) if name in tables.SAME else ModuleType(name)
        if any(other.startswith(f"{name}.") for other in names):
            module.__path__ = []  # what makes a module a package; there is nothing more on the disk
        sys.modules[name] = module
        parent, _, leaf = name.rpartition(".")
        setattr(sys.modules[parent], leaf, module)
    _fill_registration(sys.modules["gymnasium.envs.registration"], tables)
    for name, sources in tables.MODULES.items():
        _fill(sys.modules[name], sources, tables)
    _fill(gymnasium, tables.TOP, tables)
    gymnasium.__all__ += ["envs", "error", "experimental", "logger", "spaces", "utils", "vector", "wrappers"]  # type: ignore[attr-defined]


def chosen_tables() -> Any:
    """The module that holds the tables of the profile installed."""
    if GYMNASIUM.chosen() == "0.29":
        from minigym.compat.profile_029 import surface

        return surface
    return sys.modules[__name__]


def missing(name: str) -> str:
    """What to say of a name of ``gymnasium`` that there is not."""
    absent = chosen_tables().ABSENT
    reason = f" ({absent[name]})" if name in absent else ""
    return (
        f"minigym's gymnasium has no {name!r}{reason}; what it covers stands in docs/gymnasium.md (for the real one: "
        "restart, and leave out install_as_gymnasium)"
    )


def _fill(module: ModuleType, sources: tuple[str, ...], tables: Any) -> None:
    """Put the public names of the sources into the module."""
    module.__getattr__ = partial(_absent, module.__name__)  # type: ignore[method-assign]  # a module's own, PEP 562
    module.__all__ = []  # type: ignore[attr-defined]  # modules take any attribute
    for source in sources:
        name, _, chosen = source.partition(":")
        origin = importlib.import_module(name)
        names = public_names(origin)
        if chosen.startswith("-"):
            names = [each for each in names if each not in chosen[1:].split(",")]
        elif chosen:
            names = chosen.split(",")
        for each in names:
            if f"{module.__name__}.{each}" in tables.MODULES and isinstance(getattr(origin, each), ModuleType):
                continue  # a module inside this one, which stands there already
            setattr(module, each, getattr(origin, each))
        module.__all__ += names  # type: ignore[attr-defined]


def _absent(module: str, name: str) -> Any:
    raise AttributeError(missing(f"{module}.{name}"))


def public_names(module: ModuleType) -> list[str]:
    """``__all__``, or what the module defines itself without an underscore in front."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]


def _fill_registration(module: ModuleType, tables: Any) -> None:
    """A registry of its own, with the ids of the tables: what a program registers here is not minigym's business.

    For 1.x the source of ``minigym.registration`` is run once more, in another module. Functions keep their module's
    name, so they can be pickled.
    """
    if "gymnasium.envs.registration" not in tables.SAME:
        described = importlib.util.spec_from_file_location(module.__name__, registration.__file__)
        assert described is not None
        assert described.loader is not None  # a file always has one
        described.loader.exec_module(module)
        EnvSpec._make = registration.make  # the source has set it to its own
        module._manner = Manner(logger.warn, chooses_engine=False)  # type: ignore[attr-defined]  # it warns, and goes on
    module.registry.clear()
    for arguments in tables.IDS:
        module.register(**arguments)
