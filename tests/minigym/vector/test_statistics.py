"""The vector RecordEpisodeStatistics beside Gymnasium's, and where that one miscounts."""

import gymnasium
import numpy as np
import pytest

import minigym
from minigym import error
from minigym.wrappers.vector import RecordEpisodeStatistics
from tests.minigym.vector.compare import assert_same, make_both


def without_times(result):
    *rest, infos = result
    if "episode" in infos:
        seconds = infos["episode"]["t"]
        assert (seconds.dtype, seconds.shape) == (np.float64, infos["_episode"].shape)
        assert ((seconds > 0) == infos["_episode"]).all()
        infos = {**infos, "episode": {**infos["episode"], "t": None}}
    return (*rest, infos)


@pytest.mark.parametrize("num_envs", [1, 2, 5])
@pytest.mark.parametrize("mode", ["NextStep", "Disabled"])
@pytest.mark.parametrize("env_id", ["FrozenLake-v1", "CartPole-v1"])
def test_the_statistics_equal_the_references(env_id, mode, num_envs):
    limits = [8 + lane for lane in range(num_envs)]
    ours, theirs = make_both(env_id, limits, autoreset_mode=mode)
    ours = RecordEpisodeStatistics(ours, buffer_length=7)
    theirs = gymnasium.wrappers.vector.RecordEpisodeStatistics(theirs, buffer_length=7)
    assert str(ours) == str(theirs)
    rng = np.random.default_rng(0)
    assert_same(ours.reset(seed=1), theirs.reset(seed=1))
    for step in range(300):
        if step == 150:
            assert_same(ours.reset(), theirs.reset())
        actions = rng.integers(ours.single_action_space.n, size=num_envs)
        result = ours.step(actions)
        assert_same(without_times(result), without_times(theirs.step(actions)), squeezed=("prob",))
        done = result[2] | result[3]
        if mode == "Disabled" and done.any():
            for envs in (ours, theirs):
                envs.reset(options={"reset_mask": done.copy()})
            # The reference loses the mask, and forgets the lanes that go on: see the tests below.
            theirs.episode_returns[:], theirs.episode_lengths[:] = ours.episode_returns, ours.episode_lengths
        for name in ("episode_returns", "episode_lengths", "prev_dones"):
            assert_same(getattr(ours, name), getattr(theirs, name))
    assert ours.episode_count == theirs.episode_count > 20
    assert ours.return_queue == theirs.return_queue
    assert ours.length_queue == theirs.length_queue
    assert len(ours.time_queue) == len(theirs.time_queue) == 7


def episodes(envs, steps):
    """The lengths that the infos report in ``steps`` steps, in order, lane by lane."""
    lengths = []
    for _ in range(steps):
        *_, infos = envs.step(np.zeros(envs.num_envs, np.int64))
        if "episode" in infos:
            lengths += infos["episode"]["l"][infos["_episode"]].tolist()
    return lengths


def lakes(library, limits, mode, statistics):
    """Lanes on firm ice that bump into the edge until their time is up."""
    lanes = [
        lambda limit=limit: library.make("FrozenLake-v1", is_slippery=False, max_episode_steps=limit)
        for limit in limits
    ]
    return statistics(library.vector.SyncVectorEnv(lanes, autoreset_mode=mode))


def test_same_step_autoreset_counts_every_step():
    """The reference takes the first step of an episode for a reset step."""
    ours = lakes(minigym, [4, 3], "SameStep", RecordEpisodeStatistics)
    theirs = lakes(gymnasium, [4, 3], "SameStep", gymnasium.wrappers.vector.RecordEpisodeStatistics)
    for envs in (ours, theirs):
        envs.reset(seed=0)
    assert episodes(ours, 12) == [3, 4, 3, 4, 3, 4, 3]
    assert episodes(theirs, 12) == [3, 4, 2, 3, 2, 3, 2]


def test_a_partial_reset_leaves_the_other_lanes_counts():
    ours = lakes(minigym, [9, 9], "Disabled", RecordEpisodeStatistics)
    theirs = lakes(gymnasium, [9, 9], "Disabled", gymnasium.wrappers.vector.RecordEpisodeStatistics)
    for envs in (ours, theirs):
        envs.reset(seed=0)
        episodes(envs, 3)
        envs.reset(options={"reset_mask": np.array([True, False])})
    assert ours.episode_lengths.tolist() == [0, 3]
    assert theirs.episode_lengths.tolist() == [0, 0]
    assert episodes(ours, 6) == [9]


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_an_episode_is_timed_from_its_own_beginning(mode, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("minigym.wrappers.vector.common.time.perf_counter", lambda: clock[0])
    envs = lakes(minigym, [2], mode, RecordEpisodeStatistics)
    envs.reset(seed=0)
    seconds = []
    for _ in range(8):
        clock[0] += 1
        *_, infos = envs.step([0])
        seconds += infos["episode"]["t"].tolist() if "episode" in infos else []
    # The clock moves between the calls. After a reset two steps follow; an episode that began within a step is timed
    # from the step that follows, so that one lies between.
    assert seconds == ([2, 2, 2] if mode == "NextStep" else [2, 1, 1, 1])


def test_what_the_caller_changes_is_not_the_wrappers_own():
    envs = lakes(minigym, [2], "NextStep", RecordEpisodeStatistics)
    envs.reset(seed=0)
    envs.step([0])
    infos = envs.step([0])[4]
    infos["_episode"][:] = False
    infos["episode"]["l"][:] = 99
    assert envs.prev_dones.tolist() == [True]
    assert episodes(envs, 3) == [2]


def test_a_wrong_action_counts_nothing():
    envs = lakes(minigym, [3], "SameStep", RecordEpisodeStatistics)
    envs.reset(seed=0)
    for _ in range(2):
        with pytest.raises(error.InvalidAction):
            envs.step([7])
        assert episodes(envs, 3) == [3]


def test_the_key_can_be_chosen_and_a_second_wrapper_needs_another():
    inner = lakes(minigym, [1], "NextStep", RecordEpisodeStatistics)
    twice = RecordEpisodeStatistics(inner, stats_key="mine")
    twice.reset(seed=0)
    assert {"mine", "_mine", "episode", "_episode"} <= set(twice.step([0])[4])
    twice = RecordEpisodeStatistics(inner)
    twice.reset(seed=0)
    with pytest.raises(error.InvalidParameter, match=r"already have the key 'episode'.*stats_key"):
        twice.step([0])


def test_a_batch_that_does_not_say_when_it_resets_gets_a_warning():
    envs = minigym.make_vec("CartPole-v1", num_envs=2, vectorization_mode="sync")
    envs.metadata = {}
    with pytest.warns(UserWarning, match="does not say when it resets its lanes.*NEXT_STEP"):
        RecordEpisodeStatistics(envs)


def test_arguments_of_reset_may_be_positional():
    envs = lakes(minigym, [3], "NextStep", RecordEpisodeStatistics)
    envs.reset(5, {"reset_mask": np.array([True])})
    assert envs.np_random_seed == (5,)
