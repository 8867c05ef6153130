"""minigym against the trajectories that were recorded from the reference: see tests/reference/README.md."""

from pathlib import Path

import numpy as np
import pytest

import minigym
from tests.reference import record

DIRECTORY = Path(record.__file__).parent
LAKES = [env_id for env_id in record.IDS if env_id.startswith("FrozenLake")]
POLES = [env_id for env_id in record.IDS if env_id.startswith("CartPole")]
CARS = [env_id for env_id in record.IDS if env_id.startswith("MountainCar")]


def load(env_id, directory=DIRECTORY):
    with np.load(record.file_of(directory, env_id), allow_pickle=False) as file:
        return dict(file)


def episodes(arrays):
    """Pairs (episode, its steps as a slice of the arrays that have one entry a step)."""
    ends = np.cumsum(arrays["lengths"], dtype=int).tolist()
    assert len(ends) == record.EPISODES
    assert ends[-1] == len(arrays["actions"])
    starts = [0, *ends[:-1]]
    return [(k, slice(start, end)) for k, (start, end) in enumerate(zip(starts, ends, strict=True))]


def make(env_id):
    if env_id == "CartPole-v0":
        with pytest.warns(DeprecationWarning, match="outdated"):
            return minigym.make(env_id)
    return minigym.make(env_id)


@pytest.mark.parametrize("env_id", LAKES)
def test_a_lake_is_replayed_exactly(env_id):
    """Free running: integers and uniform numbers have no last bit in which platforms could differ."""
    arrays = load(env_id)
    env = make(env_id)
    for episode, steps in episodes(arrays):
        assert env.reset(seed=episode) == (arrays["reset_observations"][episode], {"prob": 1})
        names = ("actions", "observations", "rewards", "terminated", "truncated", "probabilities")
        for action, *expected, probability in zip(*(arrays[name][steps].tolist() for name in names), strict=True):
            observation, reward, terminated, truncated, info = env.step(action)
            assert [observation, reward, terminated, truncated] == expected
            assert info == {"prob": probability}
            assert [type(observation), type(reward)] == [int, int]


@pytest.mark.parametrize("env_id", POLES + CARS)
def test_each_step_of_a_pole_or_a_car_is_replayed_exactly(env_id):
    """Teacher-forced: every step starts from the recorded state.

    A difference in the last bit grows about e^(3.9 t) along a trajectory of the pole, t in seconds, so that after a few
    seconds two correct programs share no digit; from the recorded state one step must give the recorded bits.
    """
    arrays = load(env_id)
    env = make(env_id)
    for episode, steps in episodes(arrays):
        observation, info = env.reset(seed=episode)
        assert info == {}
        assert observation.dtype == arrays["reset_observations"].dtype
        assert observation.tolist() == arrays["reset_observations"][episode].tolist()
        assert env.unwrapped.state.tolist() == arrays["reset_states"][episode].tolist()
        before = np.vstack([arrays["reset_states"][episode], arrays["states"][steps][:-1]])
        names = ("actions", "states", "observations", "rewards", "terminated", "truncated")
        columns = (arrays[name][steps].tolist() for name in names)
        for state, action, next_state, *expected in zip(before, *columns, strict=True):
            env.unwrapped.state = state
            observation, reward, terminated, truncated, info = env.step(action)
            assert env.unwrapped.state.tolist() == next_state
            assert [observation.tolist(), reward, terminated, truncated] == expected
            assert info == {}


@pytest.mark.parametrize("env_id", POLES)
def test_the_first_steps_of_a_pole_are_replayed_freely(env_id):
    """Ten steps of 0.02 s let an error grow e^0.78, about twice. Each makes errors of a few last bits of numbers below
    4, where one is 4.4e-16; should the sines of two platforms differ, 1e-13 leaves room for ten times that.
    """
    arrays = load(env_id)
    env = make(env_id)
    for episode, steps in episodes(arrays):
        env.reset(seed=episode)
        actions, states = arrays["actions"][steps][:10].tolist(), arrays["states"][steps][:10]
        for action, state in zip(actions, states, strict=True):
            env.step(action)
            assert np.abs(env.unwrapped.state - state).max() <= 1e-13


@pytest.mark.parametrize("env_id", CARS)
def test_a_car_is_replayed_freely(env_id):
    """All steps of an episode. An error in a state grows at most 230-fold until its end (measured: 223); 200 roundings
    of a last bit, 1.1e-16 below 1, grow to 5e-12. No state recorded is nearer than 9e-5 to the goal.
    """
    arrays = load(env_id)
    env = make(env_id)
    for episode, steps in episodes(arrays):
        env.reset(seed=episode)
        names = ("actions", "states", "terminated")
        for action, state, terminated in zip(*(arrays[name][steps].tolist() for name in names), strict=True):
            assert env.step(action)[2] == terminated
            assert np.abs(env.unwrapped.state - state).max() <= 5e-12


@pytest.mark.parametrize("env_id", record.IDS)
def test_the_recordings_reach_every_kind_of_end(env_id):
    arrays = load(env_id)
    assert arrays["terminated"].sum() >= 150
    assert arrays["truncated"].sum() >= 5
    assert arrays["lengths"].max() == make(env_id).spec.max_episode_steps
    if env_id in LAKES:
        assert arrays["rewards"].sum() >= 1


@pytest.mark.parametrize("env_id", record.IDS)
def test_recording_again_gives_the_same_file(env_id, tmp_path):
    """Recorded twice here: the same bytes. Against the file kept: the same arrays for a lake; for a pole or a
    car, whose trajectories differ on other platforms (see the README), the same resets.
    """
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        record.write(tmp_path / name, env_id)
    first, second = (record.file_of(tmp_path / name, env_id) for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
    again, kept = load(env_id, tmp_path / "one"), load(env_id)
    assert list(again) == list(kept)
    for name in kept if env_id in LAKES else ("reset_states", "reset_observations"):
        assert again[name].dtype == kept[name].dtype
        assert np.array_equal(again[name], kept[name]), name


def test_the_files_are_small():
    assert sum(file.stat().st_size for file in DIRECTORY.iterdir() if file.is_file()) < 1_500_000
