"""Whole rollouts beside the same steps taken one by one."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigym
from minigym import error
from minigym.vector import LinearPolicy, Rollout
from tests import strategies
from tests.minigym.vector.compare import assert_goes_on_alike, assert_same, streams

ENGINES = ["numba", "numpy"]
both_engines = pytest.mark.parametrize("backend", ENGINES)
both_modes = pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
POLE, LAKE = minigym.vector.CartPoleVectorEnv, minigym.vector.FrozenLakeVectorEnv


def steps_one_by_one(envs, observations, choose, num_steps, over=None):
    """What a rollout should be, from ``step`` alone.

    Args:
        envs: the batch, in an episode.
        observations: the present ones.
        choose: the actions for a step, ``choose(time, observations)``.
        num_steps: how many.
        over: the lanes whose episode has just ended.

    Returns:
        The rollout, the observations after it, and the lanes that are over.
    """
    rows = []
    over = np.zeros(envs.num_envs, np.bool_) if over is None else over
    same_step = envs.autoreset_mode is minigym.vector.AutoresetMode.SAME_STEP
    for time in range(num_steps):
        actions = np.asarray(choose(time, observations))
        after, rewards, terminations, truncations, infos = envs.step(actions)
        last = after.copy()
        for lane in np.flatnonzero(infos.get("_final_obs", [])):
            last[lane] = infos["final_obs"][lane]
        resets = np.zeros(envs.num_envs, np.bool_) if same_step else over
        rows.append(Rollout(observations, actions, rewards, last, terminations, truncations, resets))
        observations, over = after, terminations | truncations
    return Rollout(*map(np.stack, zip(*rows, strict=True))), observations, over


def uniform_actions(seed, num_actions, num_envs, num_steps):
    """The actions of the policy "random", as its documentation says."""
    sequences = [np.random.SeedSequence(seed, spawn_key=(lane,)) for lane in range(num_envs)]
    uniforms = np.stack([np.random.default_rng(sequence).random(num_steps) for sequence in sequences], axis=1)
    return (uniforms * num_actions).astype(np.int64)


def check_rollouts(kind, backend, mode, limit, num_envs, policy, choose, num_threads=1, lengths=(40, 1, 25), **kwargs):
    """Successive rollouts, steps between them included, are the steps one by one."""
    arguments = {"autoreset_mode": mode, **kwargs}
    if backend == "numba":
        arguments["num_threads"] = num_threads
    ours, twin = (
        kind(num_envs, limit, backend=backend, **arguments),
        kind(num_envs, limit, backend="numpy", **(arguments | {"num_threads": 1})),
    )
    ours.reset(seed=3)
    observations, _ = twin.reset(seed=3)
    over, time = None, 0
    for length in lengths:
        seed = 2**70 if isinstance(policy, str) and time == 0 else None
        played = ours.rollout(policy, length, seed=seed)
        begin = time
        expected, observations, over = steps_one_by_one(
            twin, observations, lambda t, seen, begin=begin: choose(begin + t, seen), length, over
        )
        assert type(played) is Rollout
        assert_same(tuple(played), tuple(expected))
        time += length
        assert streams(ours) == streams(twin)
        actions = np.arange(num_envs) % int(ours.single_action_space.n)
        result = ours.step(actions)
        assert_same(result, twin.step(actions))
        observations, over = result[0], result[2] | result[3]
    return expected


@both_engines
@both_modes
@pytest.mark.parametrize("kind", [POLE, LAKE])
def test_random_play(kind, backend, mode):
    """In 600 lanes, three blocks and two threads: every bit is that of steps taken one by one."""
    num_actions = 2 if kind is POLE else 4
    actions = uniform_actions(2**70, num_actions, 600, 66)
    expected = check_rollouts(kind, backend, mode, 20, 600, "random", lambda time, seen: actions[time], num_threads=2)
    assert (expected.terminations.sum() > 100) & (expected.truncations.sum() > 10)


@both_engines
@both_modes
@settings(max_examples=15)
@given(data=st.data())
def test_a_table(backend, mode, data):
    mdp = data.draw(strategies.mdps(), "mdp")
    table = data.draw(st.lists(st.integers(0, mdp.num_actions - 1), min_size=mdp.num_states, max_size=mdp.num_states))
    policy = data.draw(st.sampled_from([table, np.array(table), np.array(table, np.uint8)]), "policy")
    limit = data.draw(st.none() | st.integers(1, 6), "limit")
    choose = lambda time, seen: np.array(table)[seen]  # noqa: E731
    check_rollouts(minigym.vector.TabularVectorEnv, backend, mode, limit, 3, policy, choose, lengths=(10, 5), mdp=mdp)


@both_engines
@both_modes
@settings(max_examples=15)
@given(data=st.data())
def test_linear_scores(backend, mode, data):
    """The sums are taken in the order of the observation's numbers, and the first of equal scores wins."""
    numbers = st.floats(-2, 2) | st.sampled_from([0.0, 1.0])
    weights = np.array(data.draw(st.lists(numbers, min_size=8, max_size=8), "weights")).reshape(4, 2)
    bias = np.array(data.draw(st.lists(numbers, min_size=2, max_size=2), "bias"))

    def choose(time, seen):
        scores = [bias.tolist() for _ in seen]
        for row, observation in zip(scores, seen.tolist(), strict=True):
            for action in range(2):
                for number, weight in zip(observation, weights[:, action].tolist(), strict=True):
                    row[action] += number * weight
        return np.array([int(second > first) for first, second in scores])

    check_rollouts(POLE, backend, mode, 12, 5, LinearPolicy(weights, bias), choose, lengths=(15, 10))


@both_engines
@both_modes
def test_a_function(backend, mode):
    seen_by_policy = []

    def policy(observations):
        seen_by_policy.append(observations.copy())
        observations += 1  # its own array
        return [int(x) % 2 for x in range(5)]

    expected = check_rollouts(POLE, backend, mode, 12, 5, policy, lambda time, seen: np.arange(5) % 2, lengths=(30, 4))
    assert_same(np.stack(seen_by_policy[-4:]), expected.observations)


def test_the_first_of_equal_scores_is_played():
    for backend in ENGINES:
        envs = POLE(3, backend=backend)
        envs.reset(seed=0)
        assert not envs.rollout(LinearPolicy(np.zeros((4, 2)), [1, 1]), 5).actions.any()
        assert envs.rollout(LinearPolicy(np.zeros((4, 2)), [1, 1.5]), 5).actions.all()
        assert not envs.rollout(LinearPolicy(np.zeros((4, 2), int).tolist(), [-1, -2]), 5).actions.any()


@both_engines
def test_scores_begin_with_the_bias(backend):
    """Which then is too small to be noticed beside what is added and subtracted."""
    envs = POLE(1, backend=backend)
    envs.reset(seed=0)
    envs.state = [[1e16, -1e16, 0, 0]]
    assert envs.rollout(LinearPolicy([[0, 1], [0, 1], [0, 0], [0, 0]], [0.5, 1.0]), 1).actions.tolist() == [[0]]


@both_modes
def test_both_engines_and_any_number_of_threads_give_the_same(mode):
    for kind, policy in (
        (POLE, LinearPolicy([[0.0, 0.1], [0.2, -0.3], [-1.0, 1.0], [0.0, 1.0]], [0.0, 0.0])),
        (LAKE, np.arange(16) % 4),
        (LAKE, "random"),
    ):
        played = []
        for arguments in ({"backend": "numpy"}, {"num_threads": 1}, {"num_threads": 2}, {"num_threads": 3}):
            envs = kind(700, 30, autoreset_mode=mode, **{"backend": "numba", **arguments})
            envs.reset(seed=0)
            played.append(tuple(envs.rollout(policy, 40, seed=1)))
            played[-1] += (envs.state.astype(float), np.array(str(streams(envs))))
        for others in played[1:]:
            assert_same(others, played[0])


@both_modes
def test_ends_and_resets_are_marked_in_plain_sight(mode):
    """On firm ice straight down a lane of three tiles: 0, 1, 2 (the goal), for ever."""
    for backend in ENGINES:
        envs = LAKE(2, backend=backend, autoreset_mode=mode, desc=["S", "F", "G"], is_slippery=False)
        envs.reset(seed=0)
        played = envs.rollout([1, 1, 1], 6)
        if mode == "NextStep":
            assert played.observations[:, 0].tolist() == [0, 1, 2, 0, 1, 2]
            assert played.next_observations[:, 0].tolist() == [1, 2, 0, 1, 2, 0]
            assert played.resets[:, 1].tolist() == [False, False, True, False, False, True]
            assert played.rewards[:, 1].tolist() == [0, 1, 0, 0, 1, 0]
            assert played.terminations[:, 1].tolist() == [False, True, False, False, True, False]
        else:
            assert played.observations[:, 0].tolist() == [0, 1, 0, 1, 0, 1]
            assert played.next_observations[:, 0].tolist() == [1, 2, 1, 2, 1, 2]
            assert not played.resets.any()
            assert played.rewards[:, 1].tolist() == [0, 1, 0, 1, 0, 1]
        assert not played.truncations.any()


@both_engines
def test_random_streams_run_on_until_they_are_seeded_anew(backend):
    envs = LAKE(4, backend=backend)
    envs.reset(seed=0)
    expected = uniform_actions(7, 4, 4, 30)
    assert_same(envs.rollout("random", 10, seed=7).actions, expected[:10])
    envs.reset(seed=9)  # which is another stream
    assert_same(envs.rollout("random", 15).actions, expected[10:25])
    envs.rollout(np.zeros(16, int), 3)
    assert_same(envs.rollout("random", 5).actions, expected[25:])
    assert_same(envs.rollout("random", 10, seed=7).actions, expected[:10])
    for seed in (0, 2**32, 2**64, 2**128 - 1, 2**128, 2**199):
        assert_same(envs.rollout("random", 4, seed=seed).actions, uniform_actions(seed, 4, 4, 4))
    first, second = (LAKE(4, backend=backend) for _ in range(2))
    first.reset(seed=0), second.reset(seed=0)
    assert not np.array_equal(first.rollout("random", 30).actions, second.rollout("random", 30).actions)  # 4**-120


@both_engines
def test_the_random_streams_of_a_copy_go_on_alike(backend):
    envs = LAKE(4, backend=backend)
    envs.reset(seed=0)
    envs.rollout("random", 5, seed=1)
    again = copy.deepcopy(envs)
    assert_same(tuple(again.rollout("random", 20)), tuple(envs.rollout("random", 20)))


@both_engines
@both_modes
def test_a_rollout_is_the_callers_own_unless_it_asks_for_the_same_arrays(backend, mode):
    envs, reusing = (POLE(3, 5, backend=backend, autoreset_mode=mode, copy=copies) for copies in (True, False))
    envs.reset(seed=0), reusing.reset(seed=0)
    first, shared = envs.rollout("random", 10, seed=0), reusing.rollout("random", 10, seed=0)
    before = [part.copy() for part in first]
    assert_same(tuple(shared), tuple(before))
    second, third = envs.rollout("random", 10), reusing.rollout("random", 10)
    assert all(again is part for again, part in zip(third, shared, strict=True))
    assert_same(tuple(third), tuple(second))
    assert_same(tuple(reusing.rollout("random", 4)), tuple(envs.rollout("random", 4)))
    assert_same(envs.step([0, 1, 0]), reusing.step([0, 1, 0]))
    assert_same(tuple(first), tuple(before))


@both_engines
@both_modes
def test_pictures_after_a_rollout_are_those_after_its_steps(backend, mode):
    """With the action of the last step, and the arrow of a slip; none where an episode has just begun."""
    ours, twin = (LAKE(5, 7, "ansi", backend=backend, autoreset_mode=mode) for _ in range(2))
    ours.reset(seed=0), twin.reset(seed=0)
    table = np.arange(16) % 4
    observations = twin.reset(seed=0)[0]
    for _ in range(20):
        ours.rollout(table, 1)
        observations, *_ = twin.step(table[observations])
        assert ours.render() == twin.render()


@both_engines
def test_what_does_not_fit_is_refused_and_moves_nothing(backend):
    (pole, pole_twin), (lake, lake_twin) = ([kind(2, backend=backend) for _ in range(2)] for kind in (POLE, LAKE))
    for envs in (pole, pole_twin, lake, lake_twin):
        envs.reset(seed=0)
    linear, table = LinearPolicy(np.zeros((4, 2)), np.zeros(2)), np.zeros(16, int)
    for envs, policy, kwargs, message in (
        (pole, "greedy", {}, "'greedy'"),
        (pole, 3, {}, "a policy is .*got 3 of type int"),
        (pole, None, {}, "got None"),
        (pole, table, {}, "numbered states"),
        (lake, linear, {}, "observations that are vectors"),
        (lake, table[:15], {}, r"shape \(16,\), got shape \(15,\)"),
        (lake, table.astype(float), {}, "an array of integers.*float64"),
        (lake, table - 1, {}, "0 .. 3, got -1 for state 0"),
        (lake, np.arange(16) // 3, {}, "0 .. 3, got 4 for state 12"),
        (pole, LinearPolicy(np.zeros((2, 4)), np.zeros(2)), {}, r"\(4, 2\) and \(2,\)"),
        (pole, LinearPolicy(np.zeros((4, 2)), np.zeros(3)), {}, r"shapes \(4, 2\) and \(3,\)"),
        (pole, LinearPolicy(np.full((4, 2), np.nan), np.zeros(2)), {}, "must be finite"),
        (pole, LinearPolicy(np.zeros((4, 2)), [0, np.inf]), {}, "must be finite"),
        (pole, "random", {"num_steps": 0}, "num_steps must be a positive integer"),
        (pole, "random", {"num_steps": 2.0}, "num_steps must be a positive integer"),
    ):
        with pytest.raises(error.InvalidParameter, match=message):
            envs.rollout(policy, **{"num_steps": 3, **kwargs})
    for seed in (-1, 1.0, [1, 2]):
        with pytest.raises(error.InvalidSeed):
            pole.rollout("random", 3, seed=seed)
    assert_goes_on_alike(pole, pole_twin, np.random.default_rng(0), 10)
    assert_goes_on_alike(lake, lake_twin, np.random.default_rng(0), 10)
    disabled = POLE(2, backend=backend, autoreset_mode="Disabled")
    disabled.reset(seed=0)
    with pytest.raises(error.InvalidParameter, match='needs autoreset_mode="NextStep" or "SameStep"'):
        disabled.rollout("random", 3)


@both_engines
def test_wrong_actions_of_a_function_end_the_rollout_where_they_come(backend):
    envs, twin = POLE(2, backend=backend), POLE(2, backend=backend)
    for batch in (envs, twin):
        batch.reset(seed=0)
    for wrong in ([0, 2], [0.0, 1.0], [0], None):
        calls = []

        def policy(observations, calls=calls, wrong=wrong):
            calls.append(1)
            return [0, 1] if len(calls) < 3 else wrong

        with pytest.raises(error.InvalidAction, match="expected"):
            envs.rollout(policy, 5)
        for _ in range(2):  # the steps before it have been played
            twin.step([0, 1])
        assert_goes_on_alike(envs, twin, np.random.default_rng(0), 3)
