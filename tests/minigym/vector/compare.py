"""Results of a batch beside the reference's, and sequences of calls to compare on."""

import os
import subprocess
import sys
from typing import Any

import gymnasium
import numpy as np
from hypothesis import strategies as st

import minigym


def assert_same(ours: Any, theirs: Any, squeezed: tuple[str, ...] = ()) -> None:
    """Equal types, bits and texts all the way down.

    Args:
        ours, theirs: results of ``reset`` or ``step``.
        squeezed: keys of infos whose values the reference may have rounded to the type of the first lane.
    """
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key in theirs:
            if key in squeezed and ours[key].dtype != theirs[key].dtype:
                assert (ours[key].dtype, theirs[key].dtype) == (np.float64, np.int64)
                assert_same(ours[key].astype(np.int64), theirs[key])
            else:
                assert_same(ours[key], theirs[key], squeezed)
    elif isinstance(theirs, tuple):
        assert type(ours) is tuple
        assert len(ours) == len(theirs)
        for our_part, their_part in zip(ours, theirs, strict=True):
            assert_same(our_part, their_part, squeezed)
    elif isinstance(theirs, np.ndarray):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        if theirs.dtype == object:
            assert_same(tuple(ours), tuple(theirs), squeezed)
        else:
            assert ours.tobytes() == theirs.tobytes()
    else:
        assert (type(ours), repr(ours)) == (type(theirs), repr(theirs))


def make_both(env_id: str, limits: list[int], **kwargs: Any) -> tuple[Any, Any]:
    """Both libraries' batch of one lane for each time limit, so that episodes end at different times."""

    def batch(library: Any) -> Any:
        # The limit is bound at once: in a plain lambda all lanes would see the last one.
        lanes = [lambda limit=limit: library.make(env_id, max_episode_steps=limit) for limit in limits]
        return library.vector.SyncVectorEnv(lanes, **kwargs)

    return batch(minigym), batch(gymnasium)


@st.composite
def calls(
    draw: st.DrawFn,
    num_envs: int,
    num_actions: int,
    with_bounds: bool,
    seeds: st.SearchStrategy[int] = st.integers(0, 2**31),  # noqa: B008  # strategies never change
) -> list[tuple[str, Any]]:
    """A reset of all lanes, then any mixture of steps and of resets with seeds, options and masks."""
    actions = st.lists(st.integers(0, num_actions - 1), min_size=num_envs, max_size=num_envs)
    bounds = {"low": st.floats(-0.2, 0.0), "high": st.floats(0.0, 0.2)} if with_bounds else {"unknown": st.just(1)}
    resets = st.fixed_dictionaries(
        {
            "seed": st.none() | seeds | st.lists(st.none() | seeds, min_size=num_envs, max_size=num_envs),
            "options": st.none() | st.fixed_dictionaries(bounds),
            "mask": st.none() | st.lists(st.booleans(), min_size=num_envs, max_size=num_envs).filter(any),
        }
    )
    steps = st.tuples(st.just("step"), actions)
    # Streams that were never seeded begin anywhere.
    first_seed = draw(seeds | st.lists(seeds, min_size=num_envs, max_size=num_envs))
    first = draw(resets) | {"mask": None, "seed": first_seed}
    rest = draw(st.lists(steps | steps | steps | steps | st.tuples(st.just("reset"), resets), min_size=10, max_size=40))
    return [("reset", first), *rest]


def reset(envs: Any, seed: Any, options: dict[str, Any] | None, mask: Any) -> Any:
    """A reset with arguments of its own, since the reference takes the mask out of the options it is given."""
    options = None if options is None else dict(options)
    if mask is not None:
        options = {**(options or {}), "reset_mask": np.array(mask, np.bool_)}
    return envs.reset(seed=list(seed) if isinstance(seed, list) else seed, options=options)


def play_both(ours: Any, theirs: Any, sequence: list[tuple[str, Any]], squeezed: tuple[str, ...] = ()) -> int:
    """Make the calls on both, and compare whatever they return.

    Returns:
        How many episodes ended.
    """
    disabled = ours.metadata["autoreset_mode"] is minigym.vector.AutoresetMode.DISABLED
    done = np.zeros(ours.num_envs, np.bool_)
    ends = 0
    for kind, argument in sequence:
        if kind == "reset":
            assert_same(reset(ours, **argument), reset(theirs, **argument), squeezed)
            done &= ~np.array(argument["mask"] or [True] * ours.num_envs)
            continue
        if disabled and done.any():
            assert_same(reset(ours, None, None, done), reset(theirs, None, None, done), squeezed)
        result = ours.step(np.array(argument))
        assert_same(result, theirs.step(np.array(argument)), squeezed)
        done = result[2] | result[3]
        ends += int(done.sum())
    return ends


def side_by_side(make: Any, num_envs: int, limit: int | None = None, **kwargs: Any) -> minigym.vector.SyncVectorEnv:
    """What a batch engine is compared with: environments stepped one after the other.

    Args:
        make: the environment of lane i, ``make(i)``, without a time limit.
        num_envs, limit: the lanes, and the steps of each before it is truncated.
        kwargs: those of ``SyncVectorEnv``.
    """

    def lane(i: int) -> Any:
        env = make(i)
        return env if limit is None else minigym.wrappers.TimeLimit(env, limit)

    return minigym.vector.SyncVectorEnv([lambda i=i: lane(i) for i in range(num_envs)], **kwargs)


def streams(envs: Any) -> list[Any]:
    """The states of the lanes' generators."""
    return [rng.bit_generator.state for rng in envs.np_random]


def assert_goes_on_alike(ours: Any, theirs: Any, rng: np.random.Generator, num_steps: int = 30) -> None:
    """Both batches, in the midst of whatever they do, give the same for the next steps, and have the same streams."""
    disabled = ours.metadata["autoreset_mode"] is minigym.vector.AutoresetMode.DISABLED
    for _ in range(num_steps):
        actions = rng.integers(ours.single_action_space.n, size=ours.num_envs)
        result = ours.step(actions)
        assert_same(result, theirs.step(actions))
        done = result[2] | result[3]
        if disabled and done.any():
            assert_same(reset(ours, None, None, done), reset(theirs, None, None, done))
    assert streams(ours) == streams(theirs)
    assert ours.np_random_seed == theirs.np_random_seed


def child(script: str, *arguments: Any, **environment: str) -> str:
    """What a fresh process prints that runs the script."""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
