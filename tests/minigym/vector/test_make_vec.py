"""Batches made by their id."""

import dataclasses

import gymnasium
import numpy as np
import pytest

import minigym
from minigym import error
from minigym.vector import AutoresetMode, SyncVectorEnv
from minigym.wrappers import RecordEpisodeStatistics
from tests.minigym.vector.compare import assert_same


class Batch(minigym.VectorEnv):
    """A batch that computes nothing, and keeps what it was made with."""

    def __init__(self, num_envs, max_episode_steps=None, gravity=9.8):
        self.num_envs, self.max_episode_steps, self.gravity = num_envs, max_episode_steps, gravity
        self.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}


def described(spec):
    """The fields of a spec without the entry point, which lies in another package."""
    fields = dataclasses.asdict(spec)
    return {key: fields[key] for key in fields if key != "entry_point"}


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"num_envs": 3},
        {"num_envs": 2, "vectorization_mode": "sync", "max_episode_steps": 7},
        {"num_envs": 2, "vector_kwargs": {"autoreset_mode": "SameStep"}, "render_mode": "rgb_array"},
    ],
)
@pytest.mark.parametrize("env_id", ["FrozenLake-v1", "CartPole-v1"])
def test_the_batch_equals_the_references(env_id, arguments):
    arguments = {"vectorization_mode": "sync", **arguments}
    ours, theirs = (library.make_vec(env_id, **arguments) for library in (minigym, gymnasium))
    assert str(ours) == str(theirs) == f"SyncVectorEnv({env_id}, num_envs={arguments.get('num_envs', 1)})"
    engine = {"vector_entry_point": ours.spec.vector_entry_point}  # the reference has one for CartPole alone
    assert described(ours.spec) == described(theirs.spec) | engine
    assert [str(env) for env in ours.envs] == [str(env) for env in theirs.envs]
    assert ours.render_mode == theirs.render_mode
    assert_same(ours.reset(seed=2), theirs.reset(seed=2))
    for step in range(30):
        actions = [step % 2] * ours.num_envs
        assert_same(ours.step(actions), theirs.step(actions), squeezed=("prob",))


def test_a_batch_is_made_again_from_its_spec():
    envs = minigym.make_vec(
        "CartPole-v1",
        num_envs=3,
        vector_kwargs={"autoreset_mode": "Disabled", "copy": False},
        wrappers=[RecordEpisodeStatistics],
        max_episode_steps=9,
        gravity=1.6,
    )
    again = minigym.make_vec(envs.spec)
    assert again.spec == envs.spec
    assert str(again) == str(envs) == "SyncVectorEnv(CartPole-v1, num_envs=3)"
    assert again.autoreset_mode is AutoresetMode.DISABLED
    assert again.copy is False
    assert again.get_attr("gravity") == (1.6,) * 3
    assert [str(env) for env in again.envs] == [str(env) for env in envs.envs]
    assert str(again.envs[0]).startswith("<RecordEpisodeStatistics<TimeLimit")
    assert_same(again.reset(seed=0), envs.reset(seed=0))
    assert_same(again.step([0, 1, 0]), envs.step([0, 1, 0]))


def test_no_registration_changes():
    before = dataclasses.asdict(minigym.registry["FrozenLake-v1"])
    minigym.make_vec("FrozenLake-v1", num_envs=2, map_name="8x8", vector_kwargs={"copy": False})
    assert dataclasses.asdict(minigym.registry["FrozenLake-v1"]) == before


def test_each_lane_has_arguments_of_its_own(own_registry):
    class Remembering(minigym.envs.CartPoleEnv):
        def __init__(self, memory):
            super().__init__()
            self.memory = memory

    minigym.register("Remembering-v0", entry_point=Remembering)
    memory = []
    envs = minigym.make_vec("Remembering-v0", num_envs=2, memory=memory)
    envs.envs[0].unwrapped.memory.append(1)
    assert envs.get_attr("memory") == ([1], [])
    assert memory == []


@pytest.mark.parametrize("entry_point", [Batch, f"{__name__}:Batch"])
@pytest.mark.parametrize("mode", [None, "vector_entry_point", minigym.VectorizeMode.VECTOR_ENTRY_POINT])
def test_a_batch_of_ones_own(own_registry, entry_point, mode):
    minigym.register("mine/Batch-v0", vector_entry_point=entry_point, max_episode_steps=50, kwargs={"gravity": 1.6})
    envs = minigym.make_vec("mine/Batch-v0", num_envs=4, vectorization_mode=mode)
    assert (envs.num_envs, envs.max_episode_steps, envs.gravity) == (4, 50, 1.6)
    assert str(envs) == "Batch(mine/Batch-v0, num_envs=4)"
    assert envs.spec.kwargs == {
        "gravity": 1.6,
        "max_episode_steps": 50,
        "num_envs": 4,
        "vectorization_mode": "vector_entry_point",
    }
    again = minigym.make_vec(envs.spec)
    assert (again.num_envs, again.max_episode_steps, again.gravity) == (4, 50, 1.6)
    assert minigym.make_vec("mine/Batch-v0", max_episode_steps=3).max_episode_steps == 3


@pytest.mark.parametrize(
    ("env_id", "arguments", "kind", "message"),
    [
        ("CartPole-v1", {"num_envs": 0}, error.InvalidParameter, "num_envs must be a positive integer, got 0"),
        ("CartPole-v1", {"num_envs": 2.0}, error.InvalidParameter, "got 2.0"),
        ("CartPole-v1", {"num_envs": True}, error.InvalidParameter, "got True"),
        ("CartPole-v1", {"vectorization_mode": "fast"}, error.InvalidParameter, "'sync'.*got 'fast'"),
        (
            "CartPole-v1",
            {"vectorization_mode": "sync", "vector_kwargs": {"backend": "numba"}},
            error.Error,
            "has no backend, got 'numba'; leave out vectorization_mode and wrappers",
        ),
        (
            "CartPole-v1",
            {"wrappers": [RecordEpisodeStatistics], "vector_kwargs": {"backend": "numba"}},
            error.Error,
            "has no backend, got 'numba'; leave out vectorization_mode and wrappers",
        ),
        (
            "NoEngine-v0",
            {"vector_kwargs": {"backend": "numba"}},
            error.Error,
            "has no backend, got 'numba'; leave it out, since there is no batch engine for this id",
        ),
        (
            "CartPole-v1",
            {"vectorization_mode": "vector_entry_point", "wrappers": [RecordEpisodeStatistics]},
            error.Error,
            "takes no wrappers",
        ),
        ("CartPole-v1", {"vector_kwargs": {"autoreset": 1}}, TypeError, "did you mean 'autoreset_mode'"),
        ("CartPole-v1", {"vector_kwargs": {"autoreset_mode": "Same"}}, error.InvalidParameter, "'SameStep'"),
        ("NoEngine-v0", {"vectorization_mode": "vector_entry_point"}, error.Error, "without vector_entry_point"),
        ("CartPole-v1", {"gravitation": 1}, TypeError, "did you mean 'gravity'"),
        ("CartPoll-v1", {}, error.NameNotFound, "did you mean 'CartPole'"),
        ("Batch-v0", {"vectorization_mode": "sync"}, error.Error, "registered without entry_point"),
        ("Batch-v0", {"vector_kwargs": {"copy": False}}, TypeError, "takes no argument 'copy'; it takes num_envs"),
        ("Batch-v0", {"wrappers": [RecordEpisodeStatistics]}, error.Error, "takes no wrappers"),
        ("Batch-v0", {"gravitation": 1}, TypeError, "did you mean 'gravity'"),
        ("NoBatch-v0", {}, TypeError, "must make a minigym.vector.VectorEnv"),
    ],
)
def test_what_does_not_go_together_is_refused(own_registry, env_id, arguments, kind, message):
    minigym.register("Batch-v0", vector_entry_point=Batch)
    minigym.register("NoEngine-v0", entry_point=minigym.envs.CartPoleEnv)
    minigym.register("NoBatch-v0", vector_entry_point=lambda num_envs: minigym.make("CartPole-v1"))
    with pytest.raises(kind, match=message):
        minigym.make_vec(env_id, **arguments)


def test_a_batch_that_does_not_say_when_it_resets_gets_a_warning(own_registry):
    class Silent(Batch):
        def __init__(self, num_envs):
            super().__init__(num_envs)
            self.metadata = {"autoreset_mode": "NextStep"}

    minigym.register("Silent-v0", vector_entry_point=Silent)
    with pytest.warns(UserWarning, match=r"Silent\(Silent-v0, num_envs=1\) does not say when it resets"):
        minigym.make_vec("Silent-v0")


def test_an_outdated_id_is_a_warning_once_and_not_for_every_lane():
    with pytest.warns(DeprecationWarning, match="outdated") as caught:
        envs = minigym.make_vec("CartPole-v0", num_envs=np.int64(3), vectorization_mode="sync")
    assert len(caught) == 1
    assert isinstance(envs, SyncVectorEnv)
    assert envs.get_attr("_max_episode_steps") == (200,) * 3


# The batch engines --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("env_id", "limit"),
    [
        ("CartPole-v1", 500),
        ("FrozenLake-v1", 100),
        ("FrozenLake8x8-v1", 200),
        ("MountainCar-v0", 200),
    ],
)
def test_without_a_mode_an_engine_computes_the_batch(env_id, limit):
    name = minigym.spec(env_id).entry_point.rpartition(":")[2].replace("Env", "VectorEnv")
    envs = minigym.make_vec(env_id, 3)
    assert str(envs) == f"{name}({env_id}, num_envs=3)"
    assert type(envs) is getattr(minigym.vector, name)
    assert envs.max_episode_steps == limit
    assert envs.spec.kwargs["vectorization_mode"] == "vector_entry_point"
    sync = minigym.make_vec(env_id, 3, vectorization_mode="sync")
    assert_same(envs.reset(seed=1), sync.reset(seed=1))
    for step in range(limit + 1):  # through the truncation of those that last
        actions = np.array([0, step % 2, 1 - step % 2])
        assert_same(envs.step(actions), sync.step(actions))


@pytest.mark.parametrize("mode", [None, "vector_entry_point"])
def test_arguments_reach_the_engine(mode):
    envs = minigym.make_vec(
        "CartPole-v1",
        4,
        mode,
        vector_kwargs={"backend": "numpy", "autoreset_mode": "SameStep", "copy": False},
        max_episode_steps=9,
        gravity=np.array([1.0, 2.0, 3.0, 4.0]),
        render_mode="rgb_array",
    )
    assert (envs.backend, envs.num_envs, envs.render_mode) == ("numpy", 4, "rgb_array")
    assert envs.autoreset_mode is AutoresetMode.SAME_STEP
    assert envs.get_attr("gravity") == (1.0, 2.0, 3.0, 4.0)
    observations, _ = envs.reset(seed=0)
    for step in range(9):
        result = envs.step([step % 2] * 4)
        assert result[0] is observations
    assert result[3].all()
    assert minigym.make_vec("CartPole-v1", 4, backend="numpy").backend == "numpy"
    threaded = minigym.make_vec("CartPole-v1", 4, vector_kwargs={"backend": "numba", "num_threads": 2})
    assert threaded.backend == "numba"


def test_wrappers_of_the_lanes_make_a_sync_vector_env():
    envs = minigym.make_vec("CartPole-v1", 2, wrappers=[RecordEpisodeStatistics])
    assert type(envs) is SyncVectorEnv
    assert str(envs.envs[0]).startswith("<RecordEpisodeStatistics<TimeLimit")
    wrapped = minigym.wrappers.TransformReward(minigym.make("CartPole-v1"), abs).spec
    assert type(minigym.make_vec(wrapped, 2)) is SyncVectorEnv


def test_a_batch_engine_is_made_again_from_its_spec():
    envs = minigym.make_vec(
        "FrozenLake-v1",
        3,
        vector_kwargs={"backend": "numpy", "autoreset_mode": "SameStep"},
        max_episode_steps=9,
        success_rate=0.8,
    )
    again = minigym.make_vec(envs.spec)
    assert again.spec == envs.spec
    assert str(again) == str(envs) == "FrozenLakeVectorEnv(FrozenLake-v1, num_envs=3)"
    assert (again.backend, again.autoreset_mode) == ("numpy", AutoresetMode.SAME_STEP)
    assert_same(again.reset(seed=0), envs.reset(seed=0))
    for step in range(30):
        assert_same(again.step([step % 4] * 3), envs.step([step % 4] * 3))
