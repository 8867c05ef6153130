"""Snapshots of batches: what goes on from one is, to the bit, what would have gone on without it."""

import numpy as np
import pytest

import minigym
from minigym import error, seeding

BACKENDS = ["numba", "numpy"]


def batch(name, backend, mode="SameStep", num_envs=5):
    return minigym.make_vec(
        name, num_envs, max_episode_steps=15, vector_kwargs={"backend": backend, "autoreset_mode": mode}
    )


def play(envs, steps, seed):
    """Random actions for some steps; everything that came back, as bytes."""
    generator = np.random.default_rng(seed)
    seen = []
    for _ in range(steps):
        actions = generator.integers(int(envs.single_action_space.n), size=envs.num_envs)
        observation, reward, terminated, truncated, _ = envs.step(actions)
        seen += [part.tobytes() for part in (observation, reward, terminated, truncated)]
    return seen


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
@pytest.mark.parametrize("name", ["CartPole-v1", "FrozenLake-v1", "MountainCar-v0"])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("into", BACKENDS)
def test_a_batch_goes_on_from_its_snapshot(name, backend, into, mode):
    envs, restored = batch(name, backend, mode), batch(name, into, mode)
    envs.reset(seed=3)
    for steps in range(1, 40):  # episodes end within; with NextStep some lane is over at some of these
        play(envs, 1, seed=steps)
        snapshot = envs.snapshot()
        observations = restored.restore(snapshot)
        assert not any(array.dtype.hasobject for array in snapshot.values())
        if steps % 13 == 0:
            continued, again = play(envs, 30, seed=99), play(restored, 30, seed=99)
            assert continued == again
            envs.restore(snapshot)
        assert observations.shape == envs.observation_space.shape
    # what it was before is forgotten, and nothing is shared with the snapshot
    other = batch(name, into, mode)
    other.reset(seed=77)
    play(other, 9, seed=0)
    other.restore(snapshot)
    kept = {key: value.copy() for key, value in snapshot.items()}
    assert play(other, 30, seed=5) == play(envs, 30, seed=5)
    assert all((snapshot[key] == value).all() for key, value in kept.items())


def test_restore_returns_the_observations_of_the_last_call():
    envs = batch("CartPole-v1", "numba")
    observations, _ = envs.reset(seed=1)
    assert (batch("CartPole-v1", "numpy").restore(envs.snapshot()) == observations).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_snapshot_that_does_not_fit_is_refused_and_changes_nothing(backend):
    envs = batch("CartPole-v1", backend)
    with pytest.raises(error.ResetNeeded, match="snapshot"):
        envs.snapshot()
    envs.reset(seed=0)
    before = envs.snapshot()
    small = batch("CartPole-v1", backend, num_envs=4)
    small.reset(seed=0)
    for foreign in (small.snapshot(), {}, {**before, "streams": before["streams"][:, :3]}):
        with pytest.raises(error.InvalidParameter, match="shape"):
            envs.restore(foreign)
    assert all((envs.snapshot()[key] == value).all() for key, value in before.items())
    envs.close()
    with pytest.raises(error.Error):
        envs.snapshot()


def test_torch_says_that_it_has_none():
    pytest.importorskip("torch")
    envs = batch("CartPole-v1", "torch")
    envs.reset(seed=0)
    with pytest.raises(error.InvalidParameter, match="numba"):
        envs.snapshot()


def test_a_generator_goes_on_from_its_words():
    generator = np.random.default_rng(5)
    generator.integers(10, dtype=np.int32)  # keeps a half word
    copy = seeding.generator_from(seeding.words_of(generator))
    draws = [(one.integers(10, size=3, dtype=np.int32).tolist(), one.random()) for one in (generator, copy)]
    assert draws[0] == draws[1]
    with pytest.raises(error.InvalidParameter, match="MT19937"):
        seeding.words_of(np.random.Generator(np.random.MT19937(0)))
