"""What the planners prove, and what only independent computations can tell them."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import agents
import minigym
from agents import planning
from agents.planning import bounds, iteration, methods, model, sweeps, undiscounted
from minigym import MDP, error
from minigym.dynamics.frozen_lake import MAPS, build_mdp, checked_map
from minigym.envs.frozen_lake import generate_random_map
from tests.strategies import mdps

LAKES = {name: build_mdp(checked_map(rows)) for name, rows in MAPS.items()}
WIDE = build_mdp(checked_map(generate_random_map(size=40, p=0.95, seed=0)), success_rate=0.8)  # 1,600 states: swept


def as_gym(mdp, scale=1.0, order=None):
    """The table with rewards times ``scale``, and the state s renamed to order[s]."""
    order = np.arange(mdp.num_states) if order is None else order
    back = np.argsort(order)
    return MDP(
        mdp.probability[back],
        order[mdp.next_state[back]],
        mdp.reward[back] * scale,
        mdp.terminated[back],
        mdp.initial[back],
    )


def exact_values(mdp, weights, gamma):
    """The values (S,) of a policy by Gaussian elimination with fractions: no rounding at all.

    The floats of the table are taken as they are, so that 1/3 is the float next to it.
    """
    n = mdp.num_states
    matrix = [[Fraction(int(i == j)) for j in range(n)] + [Fraction(0)] for i in range(n)]
    for state, action in itertools.product(range(n), range(mdp.num_actions)):
        share = Fraction(weights[state, action])
        if mdp.terminal[state] or not share:
            continue
        for p, following, reward, terminated in mdp.P[state][action]:
            matrix[state][n] += share * Fraction(p) * Fraction(reward)
            if not terminated and not mdp.terminal[following]:
                matrix[state][following] -= Fraction(gamma) * share * Fraction(p)
    for column in range(n):
        pivot = next(row for row in range(column, n) if matrix[row][column])
        matrix[column], matrix[pivot] = matrix[pivot], matrix[column]
        head = matrix[column][column]
        matrix[column] = [entry / head for entry in matrix[column]]
        for row in range(n):
            if row != column and (factor := matrix[row][column]):
                matrix[row] = [a - factor * b for a, b in zip(matrix[row], matrix[column], strict=True)]
    return [row[n] for row in matrix]


def exact_optimum(mdp, gamma, epsilon=0.0):
    """The optimal values (S,), as fractions: the best of all policies at every state."""
    uniform = np.full(mdp.num_actions, 1 / mdp.num_actions)
    best = None
    for actions in itertools.product(range(mdp.num_actions), repeat=mdp.num_states):
        weights = (1 - epsilon) * np.eye(mdp.num_actions)[list(actions)] + epsilon * uniform
        values = exact_values(mdp, weights, gamma)
        best = values if best is None else list(map(max, best, values))
    return best


small = mdps().filter(lambda mdp: mdp.num_actions**mdp.num_states <= 32)


@settings(deadline=None, max_examples=25)
@given(small, st.sampled_from([0.0, 0.5, 0.9, 0.999]), st.sampled_from(planning.METHODS), st.sampled_from([None, 1e-3]))
def test_no_value_is_farther_off_than_its_bound(mdp, gamma, method, tolerance):
    """Against the optimal values as fractions. With a tolerance of 1e-3 there is something to be off by."""
    plan = planning.solve(mdp, method=method, gamma=gamma, tolerance=tolerance)
    wrong = [abs(Fraction(float(a)) - b) for a, b in zip(plan.values, exact_optimum(mdp, gamma), strict=True)]
    assert all(error <= Fraction(float(bound)) for error, bound in zip(wrong, plan.errors, strict=True))
    assert (
        plan.error_bound <= (tolerance or 3e-12) + 1e-14 / (1 - gamma) ** 2
    )  # the rounding of values up to 3 / (1 - gamma)


@settings(deadline=None, max_examples=40)
@given(mdps(must_end=True).filter(lambda mdp: mdp.num_actions**mdp.num_states <= 32), st.sampled_from(planning.METHODS))
def test_no_undiscounted_value_is_farther_off_than_its_bound(mdp, method):
    plan = planning.solve(mdp, method=method, gamma=1.0)
    wrong = [abs(Fraction(float(a)) - b) for a, b in zip(plan.values, exact_optimum(mdp, 1.0), strict=True)]
    assert all(error <= Fraction(float(bound)) for error, bound in zip(wrong, plan.errors, strict=True))
    assert plan.error_bound < 1e-11


@settings(deadline=None, max_examples=100)
@given(small, st.sampled_from([0.0, 0.5, 0.9, 0.99]), st.sampled_from([0.0, 0.3]), st.data())
def test_any_values_lie_within_the_bound_that_is_computed_for_them(mdp, gamma, epsilon, data):
    """Not only those that a method ends with: the proof asks for nothing."""
    every = np.array(list(itertools.product(range(mdp.num_actions), repeat=mdp.num_states)))
    exploring = (1 - epsilon) * np.eye(mdp.num_actions)[every] + epsilon / mdp.num_actions
    exact = planning.policy_value(mdp, exploring, gamma=gamma).max(axis=0)
    factors = data.draw(st.lists(st.floats(0.9, 1.1), min_size=mdp.num_states, max_size=mdp.num_states))
    values = np.where(mdp.terminal, 0.0, exact * factors)
    policy = np.array(
        data.draw(st.lists(st.integers(0, mdp.num_actions - 1), min_size=len(values), max_size=len(values)))
    )
    weights = planning.soft_policy(policy, mdp.num_actions, epsilon)
    errors = bounds.discounted_error(model.model_of(mdp), values, weights, gamma, epsilon)
    assert (np.abs(values - exact) <= errors + 1e-12).all()
    assert (np.abs(values - planning.policy_value(mdp, weights, gamma=gamma)) <= errors + 1e-11).all()


@settings(deadline=None, max_examples=60)
@given(small, st.sampled_from([0.5, 0.9]), st.data())
def test_the_bound_shrinks_with_the_error(mdp, gamma, data):
    exact = planning.solve(mdp, gamma=gamma)
    weights = planning.soft_policy(exact.policy, mdp.num_actions, 0.0)
    signs = np.array(data.draw(st.lists(st.sampled_from([-1.0, 1.0]), min_size=len(weights), max_size=len(weights))))
    shifted = np.where(mdp.terminal, 0.0, exact.values + 1e-6 * signs)
    errors = bounds.discounted_error(model.model_of(mdp), shifted, weights, gamma, 0.0)
    assert errors.max() <= 1e-6 * (1 + gamma) / (1 - gamma) + 1e-10


@pytest.mark.parametrize("name", ["4x4", "8x8"])
def test_any_undiscounted_values_lie_within_their_bound(name):
    """Too low and too high, by as much as a thousandth, at random states."""
    lake = undiscounted.without_traps(model.model_of(LAKES[name]), LAKES[name])
    plan = planning.solve(LAKES[name], gamma=1.0)
    weights = planning.soft_policy(plan.policy, 4, 0.0)
    steps = planning.expected_steps(LAKES[name], plan.policy)
    generator = np.random.default_rng(0)
    proven = 0
    for size in (1e-13, 1e-11, 1e-3):
        for _ in range(10):
            values = np.where(lake.table.over, 0.0, plan.values + size * generator.uniform(-1, 1, len(steps)))
            errors = bounds.undiscounted_error(lake, values, weights, steps, 0.0, np.inf)
            assert (np.abs(values - plan.values) <= errors + 1e-12).all()
            proven += np.isfinite(errors).all()
    assert proven >= 10


def proper_optimum(mdp):
    """The best undiscounted values (S,) of the policies that end or come to rest for certain; None if nobody can rest.

    Policy by policy, as fractions. States from which no policy ever ends are for resting, if they cost nothing.
    """
    possible = mdp.probability > 0
    ends = (possible & mdp.terminated).any(axis=2) | mdp.terminal[:, None]

    def ending(actions, rest):
        """From which states these actions (S,) of sets can lead to an end, or to ``rest``."""
        found = set(rest)
        while True:
            more = {
                state
                for state, allowed in enumerate(actions)
                for action in allowed
                if ends[state, action]
                or found & set(mdp.next_state[state, action][possible[state, action] & ~mdp.terminated[state, action]])
            }
            if more <= found:
                return found
            found |= more

    every, states = range(mdp.num_actions), set(range(mdp.num_states))
    traps = states - ending([every] * mdp.num_states, ())
    if any((possible[state] & (mdp.reward[state] != 0)).any() for state in traps):
        return None
    at_rest = np.isin(np.arange(mdp.num_states), list(traps))
    # A trap is left out by ending at its door, and one step of it by ending at once: both for nothing.
    resting = MDP(
        mdp.probability,
        mdp.next_state,
        mdp.reward,
        mdp.terminated | at_rest[mdp.next_state] | at_rest[:, None, None] | mdp.terminal[mdp.next_state],
        np.full(mdp.num_states, 1 / mdp.num_states),
    )
    best = None
    for actions in itertools.product(every, repeat=mdp.num_states):
        if ending([[action] for action in actions], traps) == states:
            values = exact_values(resting, np.eye(mdp.num_actions)[list(actions)], 1.0)
            best = values if best is None else list(map(max, best, values))
    return [Fraction(0) if over else value for over, value in zip(mdp.terminal, best, strict=True)]


@settings(deadline=None, max_examples=150)
@given(small, st.sampled_from([-1, 0, 1]))
def test_traps_and_loops_for_nothing_without_a_discount(mdp, paid):
    """Every method, on tables of which some never end; with ``paid``, rewards of this sign alone, at an end alone."""
    if paid:
        reward = np.where(mdp.terminated, paid * np.abs(mdp.reward), 0.0)
        mdp = MDP(mdp.probability, mdp.next_state, reward, mdp.terminated, mdp.initial)
    best = proper_optimum(mdp)
    for method in planning.METHODS:
        try:
            plan = planning.solve(mdp, method=method, gamma=1.0)
        except error.InvalidParameter:
            plan = None
        if plan is None:  # something is earned for ever; what is paid at an end alone has a limit
            assert best is None or not paid
            continue
        assert best is not None
        wrong = [abs(Fraction(float(a)) - b) for a, b in zip(plan.values, best, strict=True)]
        assert all(off <= bound for off, bound in zip(wrong, plan.errors, strict=True))
        assert max(wrong) < 1e-11  # also where there is no bound


def test_rounding_sends_policy_iteration_in_no_circles(monkeypatch):
    """State 1 stays for nothing; solved as linear equations, that was -1e-16, and its size too."""
    table = {
        0: {0: [(1.0, 1, -1.0, False)], 1: [(1.0, 2, -1.0, False)], 2: [(1.0, 1, 2.0, False)]},
        1: {0: [(1.0, 1, 0.0, False)], 1: [(1.0, 1, -2.0, False)], 2: [(1.0, 1, -2.0, False)]},
        2: {0: [(1.0, 0, -3.0, False)], 1: [(1.0, 0, -1.0, False)], 2: [(1.0, 1, -3.0, False)]},
    }
    evaluate, calls = methods.evaluate, itertools.count()

    def counted(*args):
        assert next(calls) < 50
        return evaluate(*args)

    monkeypatch.setattr(methods, "evaluate", counted)
    assert planning.solve(MDP.from_P(table), gamma=0.9).values == pytest.approx([2, 0, 0.8], abs=1e-12)


def test_a_policy_comes_only_once(monkeypatch):
    """Were the values so wrong that the other action always seemed to be better, there would still be an end."""
    going = {0: {a: [(1.0, 1 + a, 0.0, False)] for a in (0, 1)}}
    staying = {state: {a: [(1.0, state, 0.0, False)] for a in (0, 1)} for state in (1, 2)}
    calls = itertools.count()

    def wrong(model, weights, *args):
        assert next(calls) < 50
        return np.array([0.0, weights[0, 1], weights[0, 0]]), np.ones(3)

    monkeypatch.setattr(methods, "evaluate", wrong)
    start = np.zeros(3, dtype=np.int64)
    _, policy = methods.policy_iteration(model.model_of(MDP.from_P(going | staying)), start, 0.9)
    assert policy.tolist() == [1, 0, 0]


def test_a_row_that_sums_to_more_than_1_is_in_the_bound():
    """9e-9 too much are accepted in a table, and count where gamma misses 1 by 1e-7."""
    mdp, gamma = MDP.from_P({0: {0: [(1 + 9e-9, 0, 1.0, False)]}}), 1 - 1e-7
    true = float(Fraction(1 + 9e-9) / (1 - Fraction(gamma) * Fraction(1 + 9e-9)))
    values = np.array([0.999 * true])
    errors = bounds.discounted_error(model.model_of(mdp), values, np.ones((1, 1)), gamma, 0.0)
    assert 1e-3 * true <= errors[0] <= 1.01e-3 * true


def test_no_bound_from_heights_that_grow_where_nothing_is_wrong():
    assert bounds._largest_ratio(np.array([1.0, 0.0]), np.array([0.5, 0.0])) == pytest.approx(2)
    assert bounds._largest_ratio(np.array([1.0, 0.0]), np.array([0.5, -1e-9])) == np.inf


@pytest.mark.parametrize("method", planning.METHODS)
@pytest.mark.parametrize("less", [1e-8, 5e-11, 2e-12])
def test_without_a_discount_what_is_worth_a_step_more_is_taken(method, less):
    """To end at once is a little worse than to end after a step: less than a tie is wide, more than the tolerance."""
    table = {
        0: {0: [(1.0, 0, 1 - less, True)], 1: [(1.0, 1, 0.0, False)]},
        1: {a: [(1.0, 0, 1.0, True)] for a in (0, 1)},
    }
    plan = planning.solve(MDP.from_P(table), method=method, gamma=1.0)
    assert (plan.values.tolist(), plan.policy[0]) == ([1, 1], 1)
    assert plan.error_bound <= 1e-12


def test_all_states_of_an_end_component_can_have_what_one_of_them_has():
    """State 1 ends for a little less than 1, and could have walked to state 0, which ends for 1."""
    less = 1 - 5e-10
    table = {
        0: {0: [(1.0, 0, 1.0, True)], 1: [(1.0, 1, 0.0, False)]},
        1: {0: [(1.0, 1, less, True)], 1: [(1.0, 0, 0.0, False)]},
    }
    mdp = MDP.from_P(table, initial=[0.5, 0.5])
    weights = planning.soft_policy(np.array([0, 0]), 2, 0.0)
    values, steps = np.array([1.0, less]), np.ones(2)
    errors = bounds.undiscounted_error(model.model_of(mdp), values, weights, steps, 0.0, np.inf)
    assert 1 - less <= errors[1] < 1e-9


@pytest.mark.parametrize("method", planning.METHODS)
@pytest.mark.parametrize("gamma", [0.9, 0.99, 0.999, 1.0])
def test_the_bound_of_the_wide_lake_holds(method, gamma):
    """1,600 states, by sweeps to a rough tolerance, against linear equations solved to the last digit."""
    exact = planning.solve(WIDE, gamma=gamma)
    rough = planning.solve(WIDE, method=method, gamma=gamma, tolerance=1e-4)
    assert (np.abs(rough.values - exact.values) <= rough.errors + exact.errors).all()
    assert rough.error_bound <= 1e-4
    # At gamma 1 one can dawdle for millions of steps without a loss, and each of them may be a little wrong.
    assert exact.error_bound < (1e-10 if gamma < 1 else 1e-5)
    if gamma == 1:
        assert exact.errors[0] < 1e-11  # no success is above 1


def test_the_relative_bound_is_for_small_values_too(monkeypatch):
    """At gamma 0.9 the start of a long way is worth 1e-9: an absolute error of 1e-12 would be too much."""
    plans = [planning.solve(WIDE, method=m, gamma=0.9, relative_tolerance=1e-8) for m in planning.METHODS]
    monkeypatch.setattr(iteration, "SWEPT_STATES", 10**9)
    exact = planning.solve(WIDE, gamma=0.9, relative_tolerance=1e-12).values
    assert 0 < exact[0] < 1e-4
    for plan in plans:
        assert plan.relative_error_bound <= 1e-8
        assert (np.abs(plan.values - exact) <= 1.01e-8 * exact).all()
    assert planning.solve(WIDE, method="value_iteration", gamma=0.9, tolerance=0.1).relative_error_bound > 1e-8


def test_the_power_of_the_values_proves_more_than_the_constant():
    """The usual bound is the same for all states; ours is small where the values are."""
    plan = planning.solve(WIDE, gamma=0.5, method="gauss_seidel", relative_tolerance=1e-6)
    assert plan.errors[0] < 0.01 * plan.error_bound


@pytest.mark.parametrize("method", planning.METHODS)
@pytest.mark.parametrize("gamma", [0.9, 1.0])
def test_the_values_are_those_of_the_policy_itself(method, gamma):
    """However roughly it was found, it is evaluated exactly."""
    plan = planning.solve(LAKES["8x8"], method=method, gamma=gamma, tolerance=1e-2)
    np.testing.assert_allclose(plan.values, planning.policy_value(LAKES["8x8"], plan.policy, gamma=gamma), atol=1e-13)


def test_a_bound_that_rounding_forbids_says_so():
    plan = planning.solve(LAKES["8x8"], gamma=0.999, tolerance=1e-30)
    assert 1e-30 < plan.error_bound < 1e-11


def test_without_a_proof_the_bound_is_infinite():
    """To pay 1 and get it back, for ever, is as good as to end at once: no end component without rewards."""
    table = {
        0: {0: [(1.0, 1, 1.0, False)], 1: [(1.0, 0, 0.0, True)]},
        1: {0: [(1.0, 0, -1.0, False)], 1: [(1.0, 0, -1.0, True)]},
    }
    plan = planning.solve(MDP.from_P(table), gamma=1.0)
    assert plan.error_bound == np.inf
    assert planning.Plan([0.0], [0]).error_bound == np.inf
    values, policy = plan
    assert (values is plan.values, policy is plan.policy) == (True, True)


def test_a_finite_horizon_has_a_bound():
    plan = planning.solve(LAKES["4x4"], gamma=1.0, horizon=100)
    assert plan.errors.shape == (101, 1)
    assert plan.errors[-1] == 0
    assert 0 < plan.error_bound < 1e-9
    assert plan.errors[0] > 2 * plan.errors[60]  # one step after the other adds its rounding
    assert np.isfinite(plan.relative_error_bound) == bool((plan.values[:-1] > plan.errors[:-1]).all())


# Independent oracles


@settings(deadline=None, max_examples=50)
@given(mdps(), st.sampled_from([0.3, 0.9, 0.99]), st.sampled_from(planning.METHODS))
def test_linear_programming_finds_the_same_values(mdp, gamma, method):
    """The least v with v >= r + gamma P v for every action (Puterman 1994, section 6.9)."""
    rows, right = [], []
    for state, action in itertools.product(range(mdp.num_states), range(mdp.num_actions)):
        row = -np.eye(mdp.num_states)[state]
        reward = 0.0
        if not mdp.terminal[state]:
            for p, following, earned, terminated in mdp.P[state][action]:
                reward += p * earned
                row[following] += 0 if terminated else gamma * p
        rows.append(row)
        right.append(-reward)
    least = linprog(np.ones(mdp.num_states), A_ub=rows, b_ub=right, bounds=(None, None))
    values = planning.solve(mdp, method=method, gamma=gamma).values
    np.testing.assert_allclose(values, least.x, atol=1e-6 / (1 - gamma))


def quantecons_values(mdp, gamma):
    """(S,): what QuantEcon makes of the table; skips the test where that is not installed."""
    quantecon = pytest.importorskip("quantecon")
    num_states, num_actions = mdp.num_states, mdp.num_actions
    transition = np.zeros((num_states + 1, num_actions, num_states + 1))  # the last state: all is over
    reward = np.zeros((num_states + 1, num_actions))
    transition[num_states, :, num_states] = 1
    for state, action in itertools.product(range(num_states), range(num_actions)):
        if mdp.terminal[state]:
            transition[state, action, num_states] = 1
            continue
        for p, following, earned, terminated in mdp.P[state][action]:
            transition[state, action, num_states if terminated else following] += p
            reward[state, action] += p * earned
    return quantecon.markov.DiscreteDP(reward, transition, gamma).solve(method="policy_iteration").v[:-1]


@settings(deadline=None, max_examples=50)
@given(mdps(), st.sampled_from([0.3, 0.9, 0.99]), st.sampled_from(planning.METHODS))
def test_quantecon_finds_the_same_values(mdp, gamma, method):
    theirs = quantecons_values(mdp, gamma)
    np.testing.assert_allclose(planning.solve(mdp, method=method, gamma=gamma).values, theirs, atol=1e-8)


# Values of QuantEcon 0.11.4, policy iteration, on Python 3.11: so that its word counts where it is not installed, too.
RECORDED = {
    0.9: [5.067033503063605, 2.619047619047619, 4.6466648747928145, 4.018280668596486, 2.5, 4.230816817162738],
    0.99: [
        10.441718498101478,
        6.8273092369477,
        9.912887263819592,
        9.37727554108824,
        6.425702811244889,
        9.53649260978028,
    ],
}


def scrambled():
    """Six states, three actions, three outcomes, by arithmetic alone: one outcome in seven is an end."""
    state, action, outcome = np.indices((6, 3, 3))
    weights = 1.0 + (state * 5 + action * 3 + outcome * 7) % 4
    return MDP(
        probability=weights / weights.sum(axis=2, keepdims=True),
        next_state=(state * 4 + action * 3 + outcome * 2 + state * outcome) % 6,
        reward=(state * 3 + action * 5 + outcome * outcome) % 7 - 3.0,
        terminated=(state + 2 * action + 3 * outcome) % 7 == 0,
        initial=np.full(6, 1 / 6),
    )


@pytest.mark.parametrize("method", planning.METHODS)
@pytest.mark.parametrize("gamma", RECORDED)
def test_the_recorded_values_of_quantecon_are_found(method, gamma):
    np.testing.assert_allclose(
        planning.solve(scrambled(), method=method, gamma=gamma).values, RECORDED[gamma], rtol=1e-10
    )


@pytest.mark.parametrize("gamma", RECORDED)
def test_quantecon_still_says_what_was_recorded(gamma):
    np.testing.assert_allclose(quantecons_values(scrambled(), gamma), RECORDED[gamma], rtol=1e-10)


# Epsilon-soft


@settings(deadline=None, max_examples=25)
@given(small, st.sampled_from([0.1, 0.5, 1.0]), st.sampled_from(planning.METHODS))
def test_the_best_soft_policy_is_the_best_of_all_soft_policies(mdp, epsilon, method):
    plan = planning.solve(mdp, method=method, gamma=0.9, epsilon=epsilon)
    best = [float(value) for value in exact_optimum(mdp, 0.9, epsilon)]
    np.testing.assert_allclose(plan.values, best, atol=1e-11)
    soft = planning.soft_policy(plan.policy, mdp.num_actions, epsilon)
    np.testing.assert_allclose(planning.policy_value(mdp, soft, gamma=0.9), plan.values, atol=1e-11)


@pytest.mark.parametrize("method", planning.METHODS)
def test_the_small_lake_with_exploration(method):
    """SARSA's fixed point at epsilon 0.1 is worth 0.729766 played greedily, and 0.406 while it explores."""
    lake = LAKES["4x4"]
    plan = planning.solve(lake, method=method, gamma=0.99, epsilon=0.1)
    assert planning.policy_return(lake, plan.policy, horizon=100) == pytest.approx(0.729766, abs=1e-6)
    soft = planning.soft_policy(plan.policy, 4, 0.1)
    assert planning.policy_return(lake, soft, horizon=100) == pytest.approx(0.406, abs=5e-4)
    assert planning.solve(lake, method=method, gamma=0.99, epsilon=0.0).values[0] == pytest.approx(0.542026, abs=1e-6)


@pytest.mark.parametrize("method", planning.METHODS)
def test_a_policy_that_only_explores_is_the_uniform_one(method):
    lake = LAKES["8x8"]
    uniform = np.full((64, 4), 0.25)
    for gamma in (0.9, 1.0):
        plan = planning.solve(lake, method=method, gamma=gamma, epsilon=1.0)
        np.testing.assert_allclose(plan.values, planning.policy_value(lake, uniform, gamma=gamma), atol=1e-11)
        assert np.isfinite(plan.error_bound)
    plan = planning.solve(lake, gamma=1.0, epsilon=1.0, horizon=200)
    assert plan.values[0, 0] == pytest.approx(0.00190, abs=1e-5)


# Hitting probabilities and expected steps


@pytest.mark.parametrize("p", [0.3, 0.5, 0.6])
def test_gamblers_ruin(p):
    """Feller (1968), chapter XIV.2 and 3: the probability to win, and the duration of the game."""
    n = 9
    stake = {i: {0: [(p, i + 1, 0.0, i + 1 == n), (1 - p, i - 1, 0.0, i == 1)]} for i in range(1, n)}
    mdp = MDP.from_P(stake | {i: {0: [(1.0, i, 0.0, True)]} for i in (0, n)}, initial=np.eye(n + 1)[4])
    i, odds, only = np.arange(n + 1), (1 - p) / p, np.zeros(n + 1, dtype=int)
    wins = i / n if p == 0.5 else (odds**i - 1) / (odds**n - 1)
    np.testing.assert_allclose(planning.hitting_probability(mdp, [n], only), wins, atol=1e-12)
    np.testing.assert_allclose(planning.hitting_probability(mdp, [n]), wins, atol=1e-12)
    np.testing.assert_allclose(planning.hitting_probability(mdp, [0], only), 1 - wins, atol=1e-12)
    np.testing.assert_allclose(planning.hitting_probability(mdp, [0, n], only), 1, atol=1e-12)
    steps = i * (n - i) if p == 0.5 else i / (1 - 2 * p) - n / (1 - 2 * p) * wins
    np.testing.assert_allclose(planning.expected_steps(mdp, only), steps, atol=1e-9)


@pytest.mark.parametrize(("name", "success"), [("4x4", 14 / 17), ("8x8", 1.0)])
def test_the_goal_is_hit_with_the_best_success(name, success):
    lake = LAKES[name]
    goal = lake.num_states - 1
    assert planning.hitting_probability(lake, [goal])[0] == pytest.approx(success, abs=1e-12)
    policy = planning.solve(lake, gamma=1.0).policy
    assert planning.hitting_probability(lake, np.arange(goal + 1) == goal, policy)[0] == pytest.approx(
        success, abs=1e-12
    )


def test_what_cannot_be_reached_has_probability_0_and_what_never_ends_takes_for_ever():
    mdp = MDP.from_P(
        {
            0: {0: [(0.5, 1, 0.0, False), (0.5, 0, 0.0, True)], 1: [(1.0, 0, 0.0, True)]},
            1: {0: [(1.0, 1, 0.0, False)], 1: [(1.0, 1, 0.0, False)]},
            2: {0: [(1.0, 0, 0.0, False)], 1: [(1.0, 0, 0.0, False)]},
        }
    )
    assert planning.hitting_probability(mdp, [2]).tolist() == [0, 0, 1]
    assert planning.hitting_probability(mdp, [1]).tolist() == [0.5, 1, 0.5]
    assert planning.hitting_probability(mdp, [1], [1, 0, 0]).tolist() == [0, 1, 0]
    assert planning.expected_steps(mdp, [0, 0, 0]).tolist() == [np.inf, np.inf, np.inf]
    assert planning.expected_steps(mdp, [1, 0, 0]).tolist() == [1, np.inf, 2]


def test_the_large_lake_is_crossed_in_the_fewest_expected_steps_by_every_method():
    for method in planning.METHODS:
        policy = planning.solve(LAKES["8x8"], method=method, gamma=1.0).policy
        assert planning.expected_steps(LAKES["8x8"], policy)[0] == pytest.approx(116.965, abs=1e-3)


# What theory says of other names, other units, states nobody enters, and goals nobody reaches


@settings(deadline=None, max_examples=40)
@given(mdps(), st.sampled_from(planning.METHODS), st.sampled_from([0.5, 0.9]), st.data())
def test_names_do_not_matter_and_units_scale(mdp, method, gamma, data):
    values = planning.solve(mdp, method=method, gamma=gamma).values
    order = np.array(data.draw(st.permutations(range(mdp.num_states))))
    renamed = planning.solve(as_gym(mdp, order=order), method=method, gamma=gamma).values
    np.testing.assert_allclose(renamed[order], values, atol=1e-11)
    scaled = planning.solve(as_gym(mdp, scale=1024.0), method=method, gamma=gamma)
    np.testing.assert_allclose(scaled.values, 1024 * values, atol=1e-8)


@pytest.mark.parametrize("method", planning.METHODS)
def test_a_state_nobody_enters_and_a_goal_nobody_reaches(method):
    """State 2 leads to the reward, but nothing leads to it: the others are worth 0, for certain."""
    mdp = MDP.from_P(
        {
            0: {0: [(1.0, 1, 0.0, False)], 1: [(1.0, 0, 0.0, True)]},
            1: {0: [(1.0, 0, 0.0, False)], 1: [(1.0, 1, 0.0, False)]},
            2: {0: [(1.0, 0, 1.0, True)], 1: [(1.0, 2, 0.0, False)]},
        }
    )
    for gamma in (0.9, 1.0):
        plan = planning.solve(mdp, method=method, gamma=gamma, relative_tolerance=1e-9)
        assert plan.values.tolist() == [0, 0, 1]
        assert plan.errors[:2].max() <= (0 if gamma < 1 else 1e-14)
    assert planning.solve(mdp, method=method, gamma=1.0).policy.tolist() == [1, 0, 0]


# Sweeps


def test_changes_to_nothing_are_infinite_shares_without_a_warning():
    """Without Numba, infinity times 0 would be one."""
    share = 0.0
    for change, value, expected in [(0.0, 0.0, 0), (1.0, -4.0, 0.25), (1.0, 8.0, 0.25), (1.0, 0.0, np.inf)]:
        share = sweeps.larger_share(share, np.float64(change), np.float64(value))
        assert share == expected
    assert sweeps.larger_share(share, np.float64(1.0), np.float64(0.0)) == np.inf
    assert sweeps.larger_share(share, np.float64(1.0), np.float64(2.0)) == np.inf


def test_kernels_python_and_arrays_give_the_same_bits(monkeypatch):
    pytest.importorskip("numba")
    lake = LAKES["8x8"]
    plans = {}
    for form in ("compiled", "python"):
        if form == "python":
            monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
            sweeps.compiled.cache_clear()
        for method, epsilon in itertools.product(planning.METHODS, (0.0, 0.1)):
            plans[form, method, epsilon] = planning.solve(
                lake, method=method, gamma=0.9, epsilon=epsilon, tolerance=1e-6
            )
    sweeps.compiled.cache_clear()
    for method, epsilon in itertools.product(planning.METHODS, (0.0, 0.1)):
        one, other = plans["compiled", method, epsilon], plans["python", method, epsilon]
        assert one.values.tolist() == other.values.tolist()
        assert one.policy.tolist() == other.policy.tolist()


@pytest.mark.parametrize("method", planning.METHODS)
@pytest.mark.parametrize("gamma", [0.99, 1.0])
def test_swept_and_direct_solutions_agree(monkeypatch, method, gamma):
    swept = planning.solve(WIDE, method=method, gamma=gamma)
    swept_steps = planning.expected_steps(WIDE, swept.policy)
    swept_return = planning.policy_return(WIDE, swept.policy, horizon=100)
    monkeypatch.setattr(iteration, "SWEPT_STATES", 10**9)
    values = planning.policy_value(WIDE, swept.policy, gamma=gamma)
    np.testing.assert_allclose(swept.values, values, atol=1e-10)
    np.testing.assert_allclose(planning.expected_steps(WIDE, swept.policy), swept_steps, rtol=1e-8)
    assert planning.policy_return(WIDE, swept.policy, horizon=100) == pytest.approx(swept_return, rel=1e-9)


@pytest.mark.parametrize("method", planning.METHODS)
def test_episodes_that_are_long_and_mix_take_no_thousands_of_sweeps(monkeypatch, method):
    """Any state follows any other, for ever: each sweep alone brings the values nearer by a thousandth only."""
    generator, shape = np.random.default_rng(0), (1_200, 3, 4)
    weights = generator.random(shape)
    mdp = MDP(
        weights / weights.sum(axis=2, keepdims=True),
        generator.integers(shape[0], size=shape),
        generator.normal(size=shape),
        np.zeros(shape, dtype=bool),
        np.full(shape[0], 1 / shape[0]),
    )
    changes = []
    plan = planning.solve(mdp, method=method, gamma=0.999, tolerance=1e-6, watch=changes.append)
    assert len(changes) < 1_000  # 11,000 to 25,000 without leaps
    monkeypatch.setattr(iteration, "SWEPT_STATES", 10**9)
    exact = planning.policy_value(mdp, plan.policy, gamma=0.999)
    assert np.abs(plan.values - exact).max() <= plan.error_bound <= 1e-6


def test_values_leap_only_where_all_shrink_alike():
    end, wrong = np.array([1.0, -2.0, 0.5]), np.array([1.0, 0.9, 1.1])
    track = [end + factor * wrong for factor in (1.0, 0.9, 0.81)]
    values = track[2].copy()
    iteration.leap(values, *track)
    np.testing.assert_allclose(values, end, atol=1e-12)
    growing = [end + factor * wrong for factor in (1.0, 1.1, 1.21)]
    uneven = [track[0], track[1], track[2] + np.array([0.0, 0.0, 0.03])]
    still = [end, end, end]
    for other in (growing, uneven, still):
        values = other[2].copy()
        iteration.leap(values, *other)
        assert values.tolist() == other[2].tolist()


def test_a_lake_of_200_by_200():
    """40,000 states; the relative bound, and a policy that keeps it."""
    lake = build_mdp(checked_map(generate_random_map(size=200, p=0.99, seed=0)), success_rate=0.9)
    plan = planning.solve(lake, method="gauss_seidel", gamma=0.99, relative_tolerance=1e-6)
    assert plan.relative_error_bound <= 1e-6
    values = planning.policy_value(lake, plan.policy, gamma=0.99)
    assert plan.values[0] == pytest.approx(values[0], rel=1e-6)
    assert plan.values[0] > 1e-3


def test_the_optimum_of_a_wide_lake():
    """1,600 states, by sweeps; against backward induction that keeps every step, and a policy known to be good."""
    found = planning.optimum(WIDE, horizon=300, gamma=0.99)
    plan = planning.solve(WIDE, gamma=1.0, horizon=300)
    assert found.clock_aware == pytest.approx(plan.values[0, 0], rel=1e-12)
    policy = planning.solve(WIDE, gamma=0.9999).policy
    assert found.clock_aware >= found.stationary >= planning.policy_return(WIDE, policy, horizon=300) * (1 - 1e-9)
    assert found.discounted == pytest.approx(planning.solve(WIDE, gamma=0.99).values[0], abs=1e-8)


def test_the_watcher_sees_every_sweep():
    changes = []
    planning.solve(LAKES["4x4"], method="value_iteration", gamma=0.9, watch=changes.append)
    assert len(changes) > 20
    assert changes[-1] < changes[5]


# Refusals


@pytest.mark.parametrize("epsilon", [-0.1, 1.1, float("nan"), "0.9", None, True])
def test_epsilon_outside_0_to_1(epsilon):
    with pytest.raises(error.InvalidParameter, match=r"epsilon must be a number in \[0, 1\], got"):
        planning.solve(LAKES["4x4"], epsilon=epsilon)


@pytest.mark.parametrize("tolerance", [0, -1.0, float("nan"), float("inf"), "1", True])
def test_bad_tolerances(tolerance):
    for name in ("tolerance", "relative_tolerance"):
        with pytest.raises(error.InvalidParameter, match=f"{name} must be a positive number or None, got"):
            planning.solve(LAKES["4x4"], **{name: tolerance})


@pytest.mark.parametrize("targets", [[16], [-1], [], [0.5], np.ones(15, dtype=bool)])
def test_bad_targets(targets):
    with pytest.raises(error.InvalidParameter, match=r"targets must be states in 0 \.\. 15.*write for instance"):
        planning.hitting_probability(LAKES["4x4"], targets)


def test_what_is_no_table():
    with pytest.raises(error.InvalidParameter, match=r"needs a minigym\.MDP.*write env\.mdp"):
        planning.solve(minigym.make("FrozenLake-v1"))


def test_a_plan_too_large_for_memory_is_refused():
    with pytest.raises(MemoryError, match="use a shorter horizon"):
        planning.solve(LAKES["4x4"], horizon=10**8)


def test_solve_takes_all_of_it_by_id():
    plan = agents.solve("FrozenLake-v1", method="gauss_seidel", gamma=0.95, epsilon=0.1, relative_tolerance=1e-6)
    direct = planning.solve(LAKES["4x4"], method="gauss_seidel", gamma=0.95, epsilon=0.1, relative_tolerance=1e-6)
    assert plan.values.tolist() == direct.values.tolist()
    assert plan.relative_error_bound <= 1e-6
