"""Small environments that exist in both libraries, and wrappers around them with arguments drawn by Hypothesis."""

import math
import warnings
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import gymnasium
import numpy as np
from hypothesis import strategies as st

import minigym
from tests.minigym.vector.compare import assert_same
from tests.strategies import SpaceRecipe

# Spaces ---------------------------------------------------------------------------------------------------------------


@st.composite
def tame_boxes(draw: st.DrawFn, bounded: bool = False, axes: int | None = None) -> SpaceRecipe:
    """Boxes whose bounds lie far from the ends of their dtype, so that they can be rescaled; each finite or not."""
    dtype = draw(st.sampled_from(["float16", "float32", "float64", "int8", "int64", "uint8"]))
    lengths = st.integers(1, 3)
    shape = tuple(
        draw(st.lists(lengths, max_size=3) if axes is None else st.lists(lengths, min_size=axes, max_size=axes))
    )
    lows, highs = [], []
    for _ in range(math.prod(shape)):
        if dtype.startswith("float"):
            low = draw(st.floats(-100, 100, width=16))
            high = float(np.float16(low + draw(st.floats(1, 100, width=16))))
            if not bounded:
                low, high = draw(
                    st.sampled_from([(low, high), (low, high), (-np.inf, high), (low, np.inf), (-np.inf, np.inf)])
                )
        else:
            low = draw(st.integers(3, 20) if dtype == "uint8" else st.integers(-20, 20))
            high = low + draw(st.integers(1, 20))
        lows.append(low)
        highs.append(high)
    bounds = {name: np.array(ends, dtype).reshape(shape) for name, ends in (("low", lows), ("high", highs))}
    return SpaceRecipe("Box", {**bounds, "dtype": dtype})


@st.composite
def pictures(draw: st.DrawFn) -> SpaceRecipe:
    """Small pictures of three colours."""
    shape = (draw(st.integers(1, 4)), draw(st.integers(1, 4)), 3)
    return SpaceRecipe("Box", {"low": 0, "high": 255, "shape": shape, "dtype": "uint8"})


_discrete = st.builds(
    lambda n, start: SpaceRecipe("Discrete", {"n": n, "start": start}), st.integers(1, 6), st.integers(-3, 3)
)
_multi_discrete = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(
    lambda nvec: SpaceRecipe("MultiDiscrete", {"nvec": nvec})
)
_multi_binary = st.integers(1, 4).map(lambda n: SpaceRecipe("MultiBinary", {"n": n}))
_leaves = _discrete | tame_boxes() | tame_boxes(bounded=True, axes=1) | _multi_discrete | _multi_binary | pictures()
_written = st.just({"written_as": "dict"})
_keys = st.text("abc", min_size=1, max_size=2)
_composites = st.lists(_leaves, min_size=1, max_size=3).map(lambda parts: SpaceRecipe("Tuple", {}, parts)) | st.builds(
    SpaceRecipe, st.just("Dict"), _written, st.dictionaries(_keys, _leaves, min_size=1, max_size=3)
)
observation_recipes = _leaves | _composites
action_recipes = _discrete | tame_boxes() | tame_boxes(bounded=True, axes=1) | _multi_discrete


def assert_same_space(ours: Any, theirs: Any) -> None:
    """Equal kinds, dtypes, bounds and texts, part by part."""
    assert (type(ours).__name__, str(ours)) == (type(theirs).__name__, str(theirs))
    assert_same((ours.shape, ours.dtype), (theirs.shape, theirs.dtype))
    for name in ("low", "high", "bounded_below", "bounded_above", "n", "nvec", "start"):
        assert hasattr(ours, name) == hasattr(theirs, name)
        if hasattr(theirs, name):
            # As arrays: the reference's flags of shape () are NumPy's bools.
            assert_same(np.asarray(getattr(ours, name)), np.asarray(getattr(theirs, name)))
    if isinstance(theirs, (gymnasium.spaces.Tuple, gymnasium.spaces.Dict)):
        keys = theirs.spaces if isinstance(theirs, gymnasium.spaces.Dict) else range(len(theirs))
        for key in keys:
            assert_same_space(ours[key], theirs[key])


# Environments ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Base:
    """An environment to be wrapped: a registered one, or a toy with these spaces."""

    env_id: str = "Toy-v0"
    observation: SpaceRecipe | None = None
    action: SpaceRecipe | None = None
    reward: type = float

    def make(self, library: ModuleType) -> Any:
        """The environment in ``minigym`` or ``gymnasium``."""
        if self.env_id != "Toy-v0":
            return library.make(self.env_id, max_episode_steps=8)
        spec = library.envs.registration.EnvSpec if library is gymnasium else library.EnvSpec
        return library.make(
            spec("Toy-v0", entry_point=lambda: _toy(library, self), order_enforce=False, disable_env_checker=True)
        )


def _toy(library: ModuleType, base: Base) -> Any:
    class Toy(library.Env):
        """Observes, rewards and ends at random, and reports the action that it got."""

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
            ended = bool(self.np_random.random() < 0.15)
            return self.observation_space.sample(), reward, ended, False, {"action": action}

    return Toy()


def reset_arguments(seeds: Any) -> Any:
    """What ``reset`` may be called with."""
    return st.fixed_dictionaries({"seed": seeds, "options": st.none() | st.just({"unknown": 1})})


@st.composite
def actions(draw: st.DrawFn, space: Any, within: bool = False) -> Any:
    """A value for ``space``, of either library: for a Box of floats any array of its shape, of one dtype or another.

    Args:
        draw: Hypothesis'.
        space: the action space, of an environment or of a batch.
        within: whether it must lie within the bounds. It never lies on them, where ours rounds more carefully.
    """
    if space.dtype.kind != "f":
        space.seed(draw(st.integers(0, 2**31)))
        return space.sample()
    size, dtype = space.low.size, draw(st.sampled_from(["float32", "float64"]))
    values = np.array(draw(st.lists(st.integers(-999, 999), min_size=size, max_size=size))).reshape(space.shape)
    free = values / 5 + 0.0123
    if not within:
        return free.astype(dtype)
    low, high = (end.astype(np.float64) for end in (space.low, space.high))
    has_low, has_high = np.isfinite(low), np.isfinite(high)
    free = np.where(has_low, low + 1 + abs(free), np.where(has_high, high - 1 - abs(free), free))
    with np.errstate(invalid="ignore"):
        between = low + (values / 2500 + 0.5) * (high - low)
    return np.where(has_low & has_high, between, free).astype(dtype)


# Wrappers -------------------------------------------------------------------------------------------------------------


def wrapper_class(library: ModuleType, name: str) -> Any:
    """The wrapper ``name``, around a batch where it begins with "vector."."""
    *packages, kind = name.split(".")
    return getattr(library.wrappers.vector if packages else library.wrappers, kind)


def without_warnings(function: Any, *arguments: Any, **keywords: Any) -> Any:
    """The reference warns of every bound that is a float64, and of overflows that do not matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **keywords)


def tried(function, *arguments, **keywords):
    """What the function returns, or the exception that it raises."""
    try:
        return without_warnings(function, *arguments, **keywords)
    except Exception as exception:
        return exception


def times(factor: Any) -> Any:
    """A function that multiplies what can be multiplied, also within tuples and dicts."""

    def multiply(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(multiply, value))
        if isinstance(value, dict):
            return {key: multiply(part) for key, part in value.items()}
        return value * factor

    return multiply


@st.composite
def _filter(draw: st.DrawFn, space: Any) -> Any:
    if isinstance(space, gymnasium.spaces.Dict):
        known = list(space.spaces)
        keys = draw(st.lists(st.sampled_from(known), min_size=1, max_size=4))
    else:
        known = list(range(len(space)))
        keys = draw(st.lists(st.sampled_from(known), min_size=1, unique=True))
        if draw(st.booleans()):
            keys = [key - len(space) for key in keys]
    return {"filter_keys": draw(st.sampled_from([keys, tuple(keys)]))}


@st.composite
def _reshape(draw: st.DrawFn, space: Any) -> Any:
    size = space.low.size
    shapes = [(size,), (1, size), (size, 1, 1), space.shape[::-1]]
    shapes += [(divisor, size // divisor) for divisor in range(1, size + 1) if size % divisor == 0]
    return {"shape": draw(st.sampled_from(shapes))}


@st.composite
def _rescale(draw: st.DrawFn, space: Any, names: tuple[str, str]) -> Any:
    """New bounds: of floats any with a width, infinite where the old ones are; of integers a whole factor apart."""
    low, high = space.low, space.high
    if space.dtype.kind == "f":
        one = draw(st.booleans()) and len({*np.isfinite(low).flat}) == len({*np.isfinite(high).flat}) == 1
        new_low = np.array([draw(st.floats(-50, 50)) for _ in range(1 if one else low.size)])
        width = np.array([draw(st.floats(0.5, 50)) for _ in range(1 if one else low.size)])
        ends = [np.where(np.isinf(low.ravel()[: new_low.size]), -np.inf, new_low)]
        ends += [np.where(np.isinf(high.ravel()[: new_low.size]), np.inf, new_low + width)]
        if one:
            kind = draw(st.sampled_from([float, np.float32, np.float64]))
            return dict(zip(names, [kind(end[0]) for end in ends], strict=True))
        dtype = draw(st.sampled_from(["float32", "float64"]))
        return dict(zip(names, [end.reshape(low.shape).astype(dtype) for end in ends], strict=True))
    factor = draw(st.integers(1, 2))
    new_low = np.full(low.shape, draw(st.integers(0, 20)))
    return dict(zip(names, [new_low, new_low + factor * (high.astype(np.int64) - low)], strict=True))


@st.composite
def _dtype(draw: st.DrawFn, space: Any) -> Any:
    kinds = ["float32", "float64", "int16", "int64"]
    if isinstance(space, gymnasium.spaces.MultiDiscrete):
        kinds = ["int8", "int32", "uint16", "int64"]
    elif isinstance(space, gymnasium.spaces.Box) and not (
        np.isfinite(space.low).all() and np.isfinite(space.high).all()
    ):
        kinds = ["float16", "float32", "float64"]
    return {"dtype": np.dtype(draw(st.sampled_from(kinds))).type}


@st.composite
def _bins(draw: st.DrawFn, space: Any) -> Any:
    counts = st.integers(1, 4)
    bins = counts | st.lists(counts, min_size=space.low.size, max_size=space.low.size).map(tuple)
    return {"bins": draw(bins), "multidiscrete": draw(st.booleans())}


_NUMBERS = st.none() | st.integers(-3, 3) | st.floats(-3, 3) | st.floats(-3, 3, width=32).map(np.float32)
_bounds = (
    st.tuples(_NUMBERS, _NUMBERS)
    .filter(lambda ends: ends != (None, None) and (None in ends or ends[0] <= ends[1]))
    .map(lambda ends: {"min_reward": ends[0], "max_reward": ends[1]})
)


def _is_picture(space: Any) -> bool:
    return bool(
        space.dtype == np.uint8
        and len(space.shape) == 3
        and space.shape[2] == 3
        and (space.low == 0).all()
        and (space.high == 255).all()
    )


def _is_bounded_row(space: Any) -> bool:
    return len(space.shape) == 1 and bool(np.isfinite([space.low, space.high]).all())


def _can_be_rescaled(space: Any) -> bool:
    """Whether the bounds lie apart, and far enough from the ends of the dtype for those that are drawn."""
    if space.dtype.kind == "f":
        return bool((space.high > space.low).all())
    width = space.high.astype(np.int64) - space.low
    return bool((width > 0).all() and (width < 50).all())


def fitting(observation: Any, action: Any, inside: str = "") -> list[str]:
    """The names of the wrappers that fit an environment with these spaces, Gymnasium's, and the text ``inside``."""
    is_box, is_composite = (
        isinstance(observation, kinds)
        for kinds in (gymnasium.spaces.Box, (gymnasium.spaces.Dict, gymnasium.spaces.Tuple))
    )
    takes_box = isinstance(action, gymnasium.spaces.Box)
    fit = {
        "TransformObservation": True,
        "FilterObservation": is_composite,
        "FlattenObservation": True,
        "GrayscaleObservation": is_box and _is_picture(observation),
        "ReshapeObservation": is_box,
        "RescaleObservation": is_box and _can_be_rescaled(observation),
        "DtypeObservation": not is_composite,
        "DiscretizeObservation": is_box and _is_bounded_row(observation),
        "TransformAction": True,
        # On the very bounds RescaleAction rounds more carefully than the reference.
        "ClipAction": takes_box and action.dtype.kind != "u" and "RescaleAction" not in inside,
        # Of unsigned actions that are rescaled twice the reference makes nonsense: see docs/differences.md.
        "RescaleAction": takes_box
        and _can_be_rescaled(action)
        and not ("RescaleAction" in inside and action.dtype.kind == "u"),
        "DiscretizeAction": takes_box and _is_bounded_row(action),
        "TransformReward": True,
        "ClipReward": True,
    }
    return [name for name, is_fit in fit.items() if is_fit]


def bases_for(name: str) -> Any:
    """Environments that the wrapper ``name`` fits."""
    boxes = tame_boxes() | tame_boxes(bounded=True, axes=1)
    spaces = {
        "FilterObservation": _composites,
        "GrayscaleObservation": pictures(),
        "ReshapeObservation": boxes | pictures(),
        "RescaleObservation": boxes,
        "DtypeObservation": _leaves,
        "DiscretizeObservation": tame_boxes(bounded=True, axes=1),
        "ClipAction": boxes.filter(lambda recipe: recipe.arguments["dtype"] != "uint8"),
        "RescaleAction": boxes,
        "DiscretizeAction": tame_boxes(bounded=True, axes=1),
    }
    observation, action = observation_recipes, action_recipes
    if name.endswith("Action"):
        action = spaces.get(name, action)
    else:
        observation = spaces.get(name, observation)
    rewards = st.sampled_from([float, int, np.float32, np.float64])
    toys = st.builds(Base, observation=observation, action=action, reward=rewards)
    known = [Base("CartPole-v1")] if name in ("ReshapeObservation", "RescaleObservation") else []
    if name not in spaces or name == "DtypeObservation":
        known = [Base("CartPole-v1"), Base("FrozenLake-v1")]
    return toys | toys | st.sampled_from(known) if known else toys


@st.composite
def arguments_of(draw: st.DrawFn, name: str, observation: Any, action: Any) -> Any:
    """Arguments for the wrapper ``name`` of an environment with these spaces: a function that takes the library."""
    if name == "TransformObservation":
        func, new = times(draw(st.integers(1, 3))), draw(st.none() | tame_boxes())
        return lambda library: {"func": func, "observation_space": new and new.build(library.spaces)}
    if name == "TransformAction":
        if not isinstance(action, gymnasium.spaces.Box):
            same = times(1)
            return lambda library: {"func": same, "action_space": None}
        anything = SpaceRecipe("Box", {"low": -np.inf, "high": np.inf, "shape": action.shape, "dtype": "float32"})
        func, new = times(draw(st.integers(1, 3))), draw(st.none() | st.just(anything))
        return lambda library: {"func": func, "action_space": new and new.build(library.spaces)}
    strategies = {
        "FilterObservation": lambda: _filter(observation),
        "GrayscaleObservation": lambda: st.fixed_dictionaries({"keep_dim": st.booleans()}),
        "ReshapeObservation": lambda: _reshape(observation),
        "RescaleObservation": lambda: _rescale(observation, ("min_obs", "max_obs")),
        "DtypeObservation": lambda: _dtype(observation),
        "DiscretizeObservation": lambda: _bins(observation),
        "RescaleAction": lambda: _rescale(action, ("min_action", "max_action")),
        "DiscretizeAction": lambda: _bins(action),
        "TransformReward": lambda: st.fixed_dictionaries({"func": st.floats(-2, 2).map(times)}),
        "ClipReward": lambda: _bounds,
    }
    arguments = draw(strategies[name]()) if name in strategies else {}
    return lambda library: dict(arguments)


LIBRARIES = (minigym, gymnasium)
NAMES = sorted(
    {
        *fitting(gymnasium.spaces.Dict(), gymnasium.spaces.Box(0, 1)),
        *fitting(gymnasium.spaces.Box(0, 255, (1, 1, 3), np.uint8), None),
        *fitting(gymnasium.spaces.Box(0, 1), None),
    }
)
assert len(NAMES) == 14
