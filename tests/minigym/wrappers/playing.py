"""Small environments that exist in both libraries, and sequences of calls on wrappers that remember."""

import copy
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import gymnasium
import numpy as np
from hypothesis import strategies as st

import minigym
from tests.minigym.vector.compare import assert_same
from tests.strategies import SpaceRecipe

LIBRARIES = (minigym, gymnasium)


def box(low: Any, high: Any, shape: tuple[int, ...], dtype: str) -> SpaceRecipe:
    return SpaceRecipe("Box", {"low": low, "high": high, "shape": shape, "dtype": dtype})


ARRAYS = [
    box(-2.0, 5.0, (3,), "float32"),
    box(-np.inf, np.inf, (2, 2), "float64"),
    box(1.0, 3.0, (), "float64"),
    box(-9.0, -4.0, (1,), "float16"),
    box(3, 200, (2, 3, 3), "uint8"),
    box(-50, -7, (4,), "int64"),
    SpaceRecipe("Discrete", {"n": 6, "start": -2}),
    SpaceRecipe("MultiDiscrete", {"nvec": [3, 4, 2]}),
    SpaceRecipe("MultiBinary", {"n": [2, 3]}),
]
_TEXT = SpaceRecipe("Text", {"max_length": 5, "min_length": 2, "charset": "cab"})
PARTS = [
    SpaceRecipe("Tuple", {}, [ARRAYS[0], ARRAYS[6]]),
    SpaceRecipe("Dict", {"written_as": "dict"}, {"zoom": ARRAYS[5], "aim": ARRAYS[7]}),
    SpaceRecipe("Dict", {"written_as": "dict"}, {"low": SpaceRecipe("Tuple", {}, [ARRAYS[4]]), "a": ARRAYS[8]}),
]
OTHERS = [
    _TEXT,
    SpaceRecipe("Tuple", {}, [_TEXT, ARRAYS[0]]),
    SpaceRecipe("Sequence", {"stack": False}, [ARRAYS[0]]),
    SpaceRecipe("OneOf", {}, [ARRAYS[6], ARRAYS[0]]),
]
ACTIONS = [SpaceRecipe("Discrete", {"n": 3}), box(-1.0, 1.0, (2,), "float32"), SpaceRecipe("Tuple", {}, ARRAYS[6:8])]


@dataclass(frozen=True)
class Base:
    """An environment to be wrapped: a registered one, or a toy with these spaces."""

    env_id: str = "Toy-v0"
    observation: SpaceRecipe = ARRAYS[0]
    action: SpaceRecipe = ACTIONS[0]
    reward: type = float
    flag: type = bool

    def make(self, library: ModuleType, limit: int | None = None) -> Any:
        """The environment in ``minigym`` or ``gymnasium``."""
        if self.env_id != "Toy-v0":
            return library.make(self.env_id, max_episode_steps=limit)
        spec = library.envs.registration.EnvSpec if library is gymnasium else library.EnvSpec
        return library.make(
            spec("Toy-v0", entry_point=lambda: toy(library, self), order_enforce=False, disable_env_checker=True),
            max_episode_steps=limit,
        )


def toy(library: ModuleType, base: Base) -> Any:
    """An environment that observes, rewards and ends at random, and tells what it was given."""

    class Toy(library.Env):
        def __init__(self):
            self.metadata = {"render_modes": []}  # its own: the reference's batches write into it
            self.observation_space = base.observation.build(library.spaces)
            self.action_space = base.action.build(library.spaces)

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            if seed is not None:
                self.observation_space.seed(seed)
            return self.observation_space.sample(), {"options": repr(options)}

        def step(self, action):
            reward = base.reward(3 * self.np_random.normal())
            terminated, truncated = (base.flag(chance < 0.12) for chance in self.np_random.random(2))
            info = {"action": repr(action), "mine": reward}
            if self.np_random.random() < 0.5:
                info["nested"] = {"count": 3, "vector": np.array([reward, 1.0]), "deep": {"flag": bool(terminated)}}
            return self.observation_space.sample(), reward, terminated, truncated, info

    return Toy()


def toys(observations: list[SpaceRecipe]) -> st.SearchStrategy[Base]:
    return st.builds(
        Base,
        observation=st.sampled_from(observations),
        action=st.sampled_from(ACTIONS),
        reward=st.sampled_from([float, int, np.float32, np.float64]),
        flag=st.sampled_from([bool, np.bool_]),
    )


REGISTERED = st.sampled_from([Base("FrozenLake-v1"), Base("CartPole-v1")])
seeds = st.integers(0, 2**31)
resets = st.fixed_dictionaries({"seed": st.none() | seeds, "options": st.none() | st.just({"unknown": 1})})


@st.composite
def calls(draw: st.DrawFn, action_space: Any) -> list[tuple[str, Any]]:
    """A seeded reset, then any mixture of steps, resets, and settings of ``update_running_mean``.

    Args:
        action_space: Gymnasium's.
    """
    action_space.seed(draw(seeds))
    steps = st.builds(lambda _: ("step", action_space.sample()), st.none())
    others = st.tuples(st.just("reset"), resets) | st.tuples(st.just("update"), st.booleans())
    rest = draw(st.lists(steps | steps | steps | steps | others, min_size=3, max_size=20))
    return [("reset", draw(resets) | {"seed": draw(seeds)}), *rest]


def call(env: Any, kind: str, argument: Any) -> Any:
    """Make one call; what it returns."""
    if kind == "reset":
        return env.reset(**copy.deepcopy(argument))
    if kind == "step":
        return env.step(copy.deepcopy(argument))
    return env.set_wrapper_attr("update_running_mean", argument)


# Attributes that a wrapper has in both libraries, beside those of every wrapper.
ATTRIBUTES = {
    "Autoreset": ["autoreset"],
    "DelayObservation": ["delay", "observation_queue"],
    "FrameStackObservation": ["stack_size", "padding_type", "padding_value", "obs_queue", "stacked_obs"],
    "MaxAndSkipObservation": ["_skip", "_obs_buffer"],
    "NormalizeObservation": ["obs_rms", "epsilon", "update_running_mean", "_update_running_mean"],
    "NormalizeReward": ["return_rms", "gamma", "epsilon", "update_running_mean", "_update_running_mean"],
    "RecordEpisodeStatistics": ["episode_count", "episode_returns", "episode_lengths", "return_queue", "length_queue"],
    "RepeatAction": ["num_repeats"],
    "StickyAction": [
        "repeat_action_probability",
        "repeat_action_duration_range",
        "last_action",
        "is_sticky_actions",
        "num_repeats",
        "repeats_taken",
    ],
    "TimeAwareObservation": ["flatten", "normalize_time", "max_timesteps", "timesteps"],
}


def assert_same_attributes(ours: Any, theirs: Any) -> None:
    """What the outermost wrappers remember is equal, to the last bit."""
    names = list(ATTRIBUTES.get(type(theirs).__name__, []))
    for name in ("discounted_reward", "accumulated_reward"):
        assert hasattr(ours, name) == hasattr(theirs, name)
        names += [name] * hasattr(theirs, name)
    for name in names:
        assert_same(plain(getattr(ours, name)), plain(getattr(theirs, name)))


def plain(value: Any) -> Any:
    """What :func:`assert_same` can compare: statistics and queues as tuples, integers as those of Python."""
    if hasattr(value, "update_from_moments"):
        return value.mean, value.var, value.count
    if isinstance(value, np.integer):
        return int(value)
    return tuple(value) if hasattr(value, "maxlen") else value
