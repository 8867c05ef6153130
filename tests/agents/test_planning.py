"""Exact planning: the published numbers, closed forms, and planners that must agree with one another."""

import itertools
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import agents
import minigym
from agents import planning
from agents.common.environment import describe
from minigym import MDP, error
from minigym.dynamics.frozen_lake import MAPS, build_mdp, checked_map
from tests.strategies import mdps

LAKES = {name: build_mdp(checked_map(rows)) for name, rows in MAPS.items()}
HORIZONS = {"4x4": 100, "8x8": 200}
FIRM_LAKE = build_mdp(checked_map(MAPS["8x8"]), is_slippery=False)


def with_rewards(mdp, reward):
    """The same table with ``reward`` for every outcome."""
    return MDP(mdp.probability, mdp.next_state, np.full(mdp.reward.shape, reward), mdp.terminated, mdp.initial)


def uniform(mdp):
    return np.full((mdp.num_states, mdp.num_actions), 1 / mdp.num_actions)


# The exact numbers of the two lakes. They were computed elsewhere, and are given to six digits.


@pytest.mark.parametrize(("name", "success"), [("4x4", 14 / 17), ("8x8", 1.0)])
def test_best_success_without_a_limit(name, success):
    assert planning.solve(LAKES[name], gamma=1.0).values[0] == pytest.approx(success, abs=1e-12)


@pytest.mark.parametrize(("name", "success"), [("4x4", 0.744190), ("8x8", 0.913220)])
def test_best_success_within_the_limit(name, success):
    plan = planning.solve(LAKES[name], gamma=1.0, horizon=HORIZONS[name])
    assert plan.values[0, 0] == pytest.approx(success, abs=1e-6)


@pytest.mark.parametrize(("name", "success"), [("4x4", 0.740165), ("8x8", 0.862955)])
def test_the_policy_optimal_for_discount_099_within_the_limit(name, success):
    policy = planning.solve(LAKES[name], gamma=0.99).policy
    assert planning.policy_return(LAKES[name], policy, horizon=HORIZONS[name]) == pytest.approx(success, abs=1e-6)


@pytest.mark.parametrize(("gamma", "success"), [(0.95, 0.729766), (0.9783, 0.729766), (0.9784, 0.740165)])
def test_the_optimal_policy_of_the_small_lake_changes_at_gamma_097832(gamma, success):
    policy = planning.solve(LAKES["4x4"], gamma=gamma).policy
    assert planning.policy_return(LAKES["4x4"], policy, horizon=100) == pytest.approx(success, abs=1e-6)


@pytest.mark.parametrize("method", planning.METHODS)
@pytest.mark.parametrize(
    ("name", "gamma", "value"),
    [
        ("4x4", 0.99, 0.542026),
        ("4x4", 0.95, 0.180472),
        ("4x4", 0.9, 0.068891),
        ("8x8", 0.99, 0.414640),
        ("8x8", 0.95, 0.048250),
        ("8x8", 0.9, 0.006411),
    ],
)
def test_discounted_value_of_the_start(name, gamma, value, method):
    assert planning.solve(LAKES[name], method=method, gamma=gamma).values[0] == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize(("name", "success"), [("4x4", 0.01394), ("8x8", 0.00190)])
def test_random_moves_within_the_limit(name, success):
    lake = LAKES[name]
    assert planning.policy_return(lake, uniform(lake), horizon=HORIZONS[name]) == pytest.approx(success, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "expected"), [("4x4", (0.744190, 0.740165, 0.542026)), ("8x8", (0.913220, 0.893568, 0.414640))]
)
def test_optimum(name, expected):
    found = planning.optimum(LAKES[name], horizon=HORIZONS[name], gamma=0.99)
    assert found == pytest.approx(expected, abs=1e-6)


def test_changes_at_single_states_find_the_best_stationary_policy(monkeypatch):
    """From the policy optimal for discount 0.95, worth 0.729766, alone."""
    monkeypatch.setattr("agents.planning.stationary.CANDIDATE_GAMMAS", ())
    assert planning.optimum(LAKES["4x4"], horizon=100, gamma=0.95).stationary == pytest.approx(0.740165, abs=1e-6)


def test_large_tables_are_left_without_that_search(monkeypatch):
    monkeypatch.setattr("agents.planning.stationary.CANDIDATE_GAMMAS", ())
    monkeypatch.setattr("agents.planning.stationary.MOST_SEARCHED", 0)
    assert planning.optimum(LAKES["4x4"], horizon=100, gamma=0.95).stationary == pytest.approx(0.729766, abs=1e-6)


# gamma = 1: among equals, the fewest steps


def test_the_large_lake_is_crossed_in_the_fewest_expected_steps():
    policy = planning.solve(LAKES["8x8"], gamma=1.0).policy
    steps = planning.policy_value(with_rewards(LAKES["8x8"], 1.0), policy, gamma=1.0)
    assert steps[0] == pytest.approx(116.965, abs=1e-3)


def test_without_slipping_the_shortest_path_is_taken():
    """Every state and action that can still reach the goal ties at value 1."""
    plan = planning.solve(FIRM_LAKE, gamma=1.0)
    assert plan.values[0] == 1
    assert planning.policy_return(FIRM_LAKE, plan.policy, horizon=14) == 1  # 7 to the right and 7 down
    assert planning.policy_return(FIRM_LAKE, plan.policy, horizon=13) == 0


def test_a_policy_that_never_ends_is_not_the_best_even_where_ending_costs():
    mdp = MDP.from_P({0: {0: [(1.0, 0, 0.0, False)], 1: [(1.0, 0, -1.0, True)]}})
    plan = planning.solve(mdp, gamma=1.0)
    assert (plan.values.tolist(), plan.policy.tolist()) == ([-1], [1])


def test_an_episode_may_also_come_to_rest_where_nothing_is_earned():
    """Better to walk into the trap, for 0, than to end with -1. The trap itself is worth 0."""
    trap = MDP.from_P(
        {0: {0: [(1.0, 0, -1.0, True)], 1: [(1.0, 1, 0.0, False)]}, 1: {a: [(1.0, 1, 0.0, False)] for a in (0, 1)}}
    )
    plan = planning.solve(trap, gamma=1.0)
    assert plan.values.tolist() == [0, 0]
    assert plan.policy[0] == 1


def test_returns_without_a_limit_are_refused():
    paid_for_staying = MDP.from_P({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 0.0, True)]}})
    with pytest.raises(error.InvalidParameter, match=r"from state 0 has no limit.*gamma below 1"):
        planning.solve(paid_for_staying, gamma=1.0)
    rows = {0: [(1.0, 1, 0.0, True)]}, {0: [(1.0, 2, 0.0, False)]}, {0: [(1.0, 1, -1.0, False)]}
    never_ending = MDP.from_P(dict(enumerate(rows)), initial=np.full(3, 1 / 3))
    with pytest.raises(error.InvalidParameter, match="from state 2 none ever does"):
        planning.solve(never_ending, gamma=1.0)


def test_undiscounted_values_of_a_policy_that_goes_on_for_ever():
    """A state of each kind: one pays for ever, one costs for ever, one does both at random, one rests, and so on."""

    def going(state, reward):
        return {0: [(1.0, state, reward, False)]}

    table = {
        0: going(0, 1.0),
        1: going(1, -1.0),
        2: {0: [(0.5, 2, 1.0, False), (0.5, 2, -2.0, False)]},
        3: going(3, 0.0),
        4: {0: [(0.5, 0, 0.0, False), (0.5, 4, 0.0, True)]},
        5: {0: [(0.5, 5, 1.0, False), (0.5, 5, 1.0, True)]},
        6: going(3, -1.0),
        7: {0: [(0.5, 0, 0.0, False), (0.5, 1, 0.0, False)]},
    }
    mdp = MDP.from_P(table, initial=np.full(8, 1 / 8))
    values = planning.policy_value(mdp, np.zeros(8, dtype=int), gamma=1.0)
    # State 2 earns -0.5 a step on average.
    np.testing.assert_allclose(values, [np.inf, -np.inf, -np.inf, 0, np.inf, 2, -1, np.nan])


# Closed forms


def test_two_states():
    """Stay for 1 each step, or move for 0 to where each step earns 3: v = 3 g/(1 - g) against 1/(1 - g)."""
    mdp = MDP.from_P(
        {
            0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 1, 0.0, False)]},
            1: {0: [(1.0, 1, 3.0, False)], 1: [(1.0, 0, 0.0, False)]},
        }
    )
    for method, (gamma, values, action) in itertools.product(
        planning.METHODS, [(0.5, [3.0, 6.0], 1), (0.25, [4 / 3, 4.0], 0), (0.0, [1.0, 3.0], 0)]
    ):
        plan = planning.solve(mdp, method=method, gamma=gamma)
        np.testing.assert_allclose(plan.values, values, atol=1e-11)
        assert plan.policy.tolist() == [action, 0]


def test_chain():
    """State n is n steps from the end, whose last step pays 1: v = gamma ** n; it pays within n + 1 steps, or never."""
    n = 7
    mdp = MDP.from_P({s: {0: [(1.0, max(s - 1, 0), float(s == 0), s == 0)]} for s in range(n)}, initial=np.eye(n)[-1])
    policy = np.zeros(n, dtype=int)
    np.testing.assert_allclose(planning.policy_value(mdp, policy, gamma=0.9), 0.9 ** np.arange(n))
    assert [planning.policy_return(mdp, policy, horizon=h) for h in (n - 1, n, n + 1)] == [0, 1, 1]


@pytest.mark.parametrize("p", [0.3, 0.5, 0.6])
def test_gamblers_ruin(p):
    """From i of n, at even stakes of 1, won with probability p: Feller (1968), chapter XIV.2."""
    n = 9
    stake = {i: {0: [(p, i + 1, float(i + 1 == n), i + 1 == n), (1 - p, i - 1, 0.0, i == 1)]} for i in range(1, n)}
    end = {i: {0: [(1.0, i, 0.0, True)]} for i in (0, n)}
    mdp = MDP.from_P(stake | end, initial=np.eye(n + 1)[4])
    i, odds = np.arange(n + 1), (1 - p) / p
    expected = i / n if p == 0.5 else (odds**i - 1) / (odds**n - 1)
    expected = np.where(i == n, 0, expected)  # there the game is over and paid
    np.testing.assert_allclose(planning.policy_value(mdp, np.zeros(n + 1, dtype=int), gamma=1.0), expected, atol=1e-12)
    np.testing.assert_allclose(planning.solve(mdp, gamma=1.0).values, expected, atol=1e-12)


# An end is an end


def test_a_terminated_outcome_never_bootstraps():
    """The same state 1, worth 10, is entered both with and without ``terminated``."""
    mdp = MDP.from_P(
        {
            0: {0: [(1.0, 1, 1.0, True)], 1: [(0.5, 1, 1.0, True), (0.5, 1, 1.0, False)]},
            1: {0: [(1.0, 1, 5.0, False)], 1: [(1.0, 1, 5.0, False)]},
        }
    )
    for method in planning.METHODS:
        np.testing.assert_allclose(planning.solve(mdp, method=method, gamma=0.5).values, [1 + 0.5 * 0.5 * 10, 10])
    assert planning.policy_return(mdp, [0, 0], horizon=9) == 1
    assert planning.policy_return(mdp, [1, 0], horizon=3) == 1 + 0.5 * (5 + 5)


def test_a_terminal_state_is_worth_nothing_whatever_its_own_rows_say():
    mdp = MDP.from_P({0: {0: [(1.0, 1, 1.0, True)]}, 1: {0: [(1.0, 1, 7.0, False)]}})
    assert planning.solve(mdp, gamma=0.9).values.tolist() == [1, 0]
    assert planning.solve(mdp, gamma=1.0).values.tolist() == [1, 0]
    assert planning.solve(mdp, gamma=0.9, horizon=3).values[0].tolist() == [1, 0]


# Agreement, on random small tables


def every_policy(mdp):
    return np.array(list(itertools.product(range(mdp.num_actions), repeat=mdp.num_states)))


@settings(deadline=None)  # up to 243 policies, each evaluated
@given(mdps(), st.sampled_from([0.0, 0.5, 0.9, 0.97]))
def test_the_planners_find_the_best_of_all_policies(mdp, gamma):
    values = planning.policy_value(mdp, every_policy(mdp), gamma=gamma)
    for method in planning.METHODS:
        plan = planning.solve(mdp, method=method, gamma=gamma)
        np.testing.assert_allclose(plan.values, values.max(axis=0), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(
            planning.policy_value(mdp, plan.policy, gamma=gamma), plan.values, rtol=1e-8, atol=1e-8
        )


@settings(deadline=None)  # up to 243 policies, each evaluated
@given(mdps(must_end=True), st.sampled_from(planning.METHODS))
def test_without_a_discount_they_find_the_best_too(mdp, method):
    values = planning.policy_value(mdp, every_policy(mdp), gamma=1.0)
    plan = planning.solve(mdp, method=method, gamma=1.0)
    np.testing.assert_allclose(plan.values, values.max(axis=0), atol=1e-9)
    best = every_policy(mdp)[np.isclose(values, values.max(axis=0), atol=1e-9).all(axis=1)]
    steps = planning.policy_value(with_rewards(mdp, 1.0), best, gamma=1.0)
    np.testing.assert_allclose(
        planning.policy_value(with_rewards(mdp, 1.0), plan.policy, gamma=1.0), steps.min(axis=0), atol=1e-6
    )


@given(mdps(smallest_reward=0))
def test_a_long_horizon_is_nearly_none(mdp):
    values = planning.solve(mdp, gamma=0.5).values
    np.testing.assert_allclose(planning.solve(mdp, gamma=0.5, horizon=60).values[0], values, atol=1e-12)


@given(mdps(), st.integers(1, 4))
def test_backward_induction_is_best_at_every_step(mdp, horizon):
    """Against the recursion written out for one state, action and outcome at a time."""

    def best(state, to_go):
        if to_go == 0 or mdp.terminal[state]:
            return 0.0
        return max(
            sum(
                p * (reward + (0 if terminated else best(following, to_go - 1)))
                for p, following, reward, terminated in mdp.P[state][action]
            )
            for action in range(mdp.num_actions)
        )

    values, policy = planning.solve(mdp, gamma=1.0, horizon=horizon)
    assert values.shape == (horizon + 1, mdp.num_states)
    assert policy.shape == (horizon, mdp.num_states)
    for state in range(mdp.num_states):
        assert values[:, state].tolist() == pytest.approx([best(state, horizon - t) for t in range(horizon + 1)])
    if horizon == 1:
        assert planning.policy_return(mdp, policy[0], horizon=1) == pytest.approx(mdp.initial @ values[0])


@given(mdps(), st.integers(1, 6), st.integers(0, 2**32))
def test_a_return_is_what_the_distribution_of_states_earns(mdp, horizon, seed):
    """Forward, where planning goes backward: push the probability of being in each state through the table."""
    policy = np.random.default_rng(seed).dirichlet(np.ones(mdp.num_actions), size=mdp.num_states)
    present, earned = mdp.initial.copy(), 0.0
    for _ in range(horizon):
        following = np.zeros(mdp.num_states)
        for state, action in itertools.product(range(mdp.num_states), range(mdp.num_actions)):
            for p, next_state, reward, terminated in mdp.P[state][action]:
                mass = present[state] * policy[state, action] * p
                earned += mass * reward
                following[next_state] += 0 if terminated else mass
        present = following
    assert planning.policy_return(mdp, policy, horizon=horizon) == pytest.approx(earned)


@pytest.mark.parametrize("gamma", [0.0, 0.9, 1.0])
def test_large_tables_are_sparse_and_the_same(monkeypatch, gamma):
    lake = LAKES["8x8"]
    dense = planning.solve(lake, gamma=gamma)
    values = planning.policy_value(lake, uniform(lake), gamma=gamma)
    returned = planning.policy_return(lake, uniform(lake), horizon=50)
    monkeypatch.setattr("agents.planning.model.DENSE_STATES", 0)
    monkeypatch.setattr("agents.planning.graph.DENSE_STATES", 0)
    sparse = planning.solve(lake, gamma=gamma)
    np.testing.assert_allclose(sparse.values, dense.values, rtol=1e-9)
    assert sparse.policy.tolist() == dense.policy.tolist()
    np.testing.assert_allclose(planning.policy_value(lake, uniform(lake), gamma=gamma), values, rtol=1e-9)
    assert planning.policy_return(lake, uniform(lake), horizon=50) == pytest.approx(returned, rel=1e-9)
    assert planning.solve(lake, gamma=1.0, horizon=200).values[0, 0] == pytest.approx(0.913220, abs=1e-6)


def test_large_tables_need_scipy_and_say_so(monkeypatch):
    monkeypatch.setattr("agents.planning.model.DENSE_STATES", 0)
    monkeypatch.setattr("agents.planning.graph.DENSE_STATES", 0)
    monkeypatch.setitem(sys.modules, "scipy.sparse.linalg", None)
    with pytest.raises(error.DependencyNotInstalled, match=r"SciPy.*pip install \"minigym\[agents\]\""):
        planning.solve(LAKES["4x4"])


def test_far_from_the_goal_small_differences_still_count():
    """On firm ice, 40 steps from the goal, values are 0.5 ** 40: less than a tolerance for all states alike."""
    ice = build_mdp(checked_map(["S" + "F" * 39 + "G"]), is_slippery=False)
    for method, gamma in itertools.product(planning.METHODS, (0.5, 0.9)):
        assert planning.policy_return(ice, planning.solve(ice, method=method, gamma=gamma).policy, horizon=40) == 1


# Policies, in both forms and many at a time


def test_ties_share_the_probability():
    q_values = [[[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]], [[2.0, 1.0, 3.0], [-1.0, -2.0, -1.0]]]
    expected = [[[0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3]], [[0, 0, 1], [0.5, 0, 0.5]]]
    np.testing.assert_array_equal(planning.greedy_policy(q_values), expected)


def test_many_policies_side_by_side_are_as_each_alone():
    lake = LAKES["4x4"]
    actions = np.random.default_rng(0).integers(4, size=(2, 3, 16))
    weights = np.eye(4)[actions]
    for form in (actions, weights):
        returns = planning.policy_return(lake, form, horizon=20)
        values = planning.policy_value(lake, form, gamma=0.9)
        assert returns.shape == (2, 3)
        assert values.shape == (2, 3, 16)
        for index in np.ndindex(2, 3):
            assert returns[index] == pytest.approx(planning.policy_return(lake, weights[index], horizon=20), rel=1e-12)
            np.testing.assert_allclose(
                values[index], planning.policy_value(lake, actions[index], gamma=0.9), rtol=1e-12
            )
    assert len(np.unique(returns)) > 1


def test_a_single_policy_gives_a_float():
    assert type(planning.policy_return(LAKES["4x4"], np.zeros(16, dtype=int), horizon=1)) is float


# Refusals


@pytest.mark.parametrize("gamma", [-0.1, 1.1, float("nan"), "0.9", None, True])
def test_gamma_outside_0_to_1(gamma):
    lake = LAKES["4x4"]
    for refused in (
        lambda: planning.solve(lake, gamma=gamma),
        lambda: planning.policy_value(lake, uniform(lake), gamma=gamma),
        lambda: planning.optimum(lake, horizon=1, gamma=gamma),
        lambda: agents.solve("FrozenLake-v1", gamma=gamma),
    ):
        with pytest.raises(error.InvalidParameter, match=r"gamma must be a number in \[0, 1\], got"):
            refused()


@pytest.mark.parametrize("horizon", [0, -1, 1.5, "9", True])
def test_bad_horizon(horizon):
    lake = LAKES["4x4"]
    for refused in (
        lambda: planning.solve(lake, horizon=horizon),
        lambda: planning.policy_return(lake, uniform(lake), horizon=horizon),
    ):
        with pytest.raises(error.InvalidParameter, match="horizon must be a positive number of steps, got"):
            refused()


def test_unknown_method():
    with pytest.raises(error.InvalidParameter, match="did you mean 'value_iteration'"):
        planning.solve(LAKES["4x4"], method="value_iterations")
    with pytest.raises(
        error.InvalidParameter,
        match="the valid names are policy_iteration, value_iteration, gauss_seidel, modified_policy_iteration",
    ):
        planning.solve(LAKES["4x4"], method="magic")


def test_sweeps_that_would_take_for_ever_are_refused():
    for method in planning.METHODS[1:]:
        with pytest.raises(error.InvalidParameter, match=r"sweeps at gamma=0\.99.*; use method='policy_iteration'"):
            planning.solve(LAKES["4x4"], method=method, gamma=1 - 1e-9)
    paid_for_staying = MDP.from_P({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 0.0, True)]}})
    with pytest.raises(error.InvalidParameter, match=r"earning for ever from state 0.*use method='policy_iteration'"):
        planning.solve(paid_for_staying, method="gauss_seidel", gamma=1.0)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (np.zeros(15, dtype=int), r"integers of the shape \(16,\).*got an array \(15,\)"),
        (np.zeros(16), r"floats of the shape \(16, 4\).*dtype float64"),
        (np.full(16, 4), r"must lie in 0 .. 3, got 4 .. 4"),
        (np.full(16, -1), r"must lie in 0 .. 3, got -1 .. -1"),
        (np.full((16, 4), 0.3), "sum to 1"),
        (np.tile([2.0, -1.0, 0.0, 0.0], (16, 1)), "0 or more"),
        (np.full((16, 4), np.nan), "0 or more"),
    ],
)
def test_what_is_no_policy(policy, message):
    with pytest.raises(ValueError, match=message):
        planning.policy_return(LAKES["4x4"], policy, horizon=1)


def test_planning_reads_the_table_of_an_environment_too():
    assert planning.solve(minigym.make("FrozenLake-v1").mdp).values[0] == pytest.approx(0.542026, abs=1e-6)


def test_a_large_table_is_built_once(monkeypatch):
    """From a map that was given; and not again for what was described already."""
    build, built = minigym.envs.frozen_lake.build_mdp, []
    monkeypatch.setattr(minigym.envs.frozen_lake, "build_mdp", lambda *args: built.append(args) or build(*args))
    environment = describe("FrozenLake-v1", {"desc": MAPS["4x4"]})
    assert len(built) == 1
    assert agents.solve(environment).values[0] == pytest.approx(0.542026, abs=1e-6)
    assert describe(environment) is environment
    assert len(built) == 1
    describe("FrozenLake-v1", {"map_name": "8x8"})  # looked at twice: another name may stand for a random map
    assert len(built) == 3
    with pytest.raises(error.InvalidParameter, match="env_kwargs"):
        describe(environment, {"map_name": "8x8"})
