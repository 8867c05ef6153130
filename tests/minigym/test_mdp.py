"""The explicit table: what it refuses, what it derives, and the environment that plays it."""

import copy
import pickle

import numpy as np
import pytest
from gymnasium.envs.toy_text.utils import categorical_sample
from hypothesis import given
from hypothesis import strategies as st

from minigym import MDP, TabularEnv, error
from minigym.dynamics.frozen_lake import MAPS, build_mdp, checked_map
from tests.strategies import lake_maps, mdps, seeds, success_rates

ARRAYS = ("probability", "next_state", "reward", "terminated", "initial", "num_outcomes")


def two_states():
    """Fresh arguments for ``MDP``: action 0 tosses a coin between the states, action 1 goes to state 1 and ends."""
    return {
        "probability": np.array([[[0.5, 0.5], [1.0, 0.0]], [[0.5, 0.5], [1.0, 0.0]]]),
        "next_state": np.array([[[0, 1], [1, 0]], [[0, 1], [1, 0]]]),
        "reward": np.array([[[0, 1], [2, 0]], [[0, 1], [2, 0]]]),
        "terminated": np.array([[[False, False], [True, False]], [[False, False], [True, False]]]),
        "initial": np.array([1.0, 0.0]),
    }


def without_impossible_outcomes(mdp):
    """``mdp.P`` with rows of different lengths: impossible outcomes are left out."""
    return {s: {a: [o for o in row if o[0] > 0] for a, row in rows.items()} for s, rows in mdp.P.items()}


def assert_same_table(mdp, other):
    for name in ARRAYS:
        ours, theirs = getattr(mdp, name), getattr(other, name)
        assert ours.tolist() == theirs.tolist(), name
        assert ours.dtype == theirs.dtype, name


# Refusals: each message names the state and the action -----------------------------------------------------------


@given(mdps(), st.data(), st.sampled_from([1e-7, -1e-7, 0.5]))
def test_a_row_that_does_not_sum_to_1_is_refused(mdp, data, error_of_sum):
    state = data.draw(st.integers(0, mdp.num_states - 1))
    action = data.draw(st.integers(0, mdp.num_actions - 1))
    probability = mdp.probability.copy()
    probability[state, action, 0] += error_of_sum  # the strategy keeps outcome 0 above 0.1
    with pytest.raises(error.InvalidMDP, match=f"^state {state}, action {action}: .*must sum to 1"):
        MDP(probability, mdp.next_state, mdp.reward, mdp.terminated, mdp.initial)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("probability", np.nan, "negative or NaN: nan"),
        ("probability", -0.5, "negative or NaN: -0.5"),
        ("probability", np.inf, "must sum to 1"),
        ("next_state", -1, r"outside the states 0 \.\. .*: -1"),
        ("next_state", 2**40, r"outside the states 0 \.\. .*: 1099511627776"),
        ("reward", np.nan, "not finite: nan"),
        ("reward", -np.inf, "not finite: -inf"),
    ],
)
@given(mdp=mdps(), data=st.data())
def test_a_wrong_entry_is_refused_where_it_stands(name, value, rule, mdp, data):
    state, action, outcome = (data.draw(st.integers(0, length - 1)) for length in mdp.probability.shape)
    arrays = {other: getattr(mdp, other) for other in ARRAYS[:5]}
    arrays[name] = arrays[name].astype(float if name != "next_state" else np.int64)
    arrays[name][state, action, outcome] = value
    with pytest.raises(error.InvalidMDP, match=f"^state {state}, action {action}: .*{rule}"):
        MDP(**arrays)


@given(mdps(), st.data())
def test_the_first_state_that_does_not_exist_is_refused(mdp, data):
    state, action, outcome = (data.draw(st.integers(0, length - 1)) for length in mdp.probability.shape)
    next_state = mdp.next_state.copy()
    next_state[state, action, outcome] = mdp.num_states
    with pytest.raises(error.InvalidMDP, match=f"^state {state}, action {action}: outcome {outcome} leads outside"):
        MDP(mdp.probability, next_state, mdp.reward, mdp.terminated, mdp.initial)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probability": np.ones((2, 2))}, r"\(states, actions, outcomes\).*\(2, 2\)"),
        ({"probability": np.ones((0, 2, 1))}, r"none of them 0; got \(0, 2, 1\)"),
        ({"probability": np.ones((2, 0, 1))}, r"none of them 0; got \(2, 0, 1\)"),
        ({"probability": [[[0.5, 0.5], [1.0]]]}, "probability must be an array with rows of equal length"),
        ({"next_state": np.zeros((2, 2, 1), int)}, r"next_state must have probability's shape \(2, 2, 2\)"),
        ({"reward": np.zeros((2, 2, 3))}, r"reward must have probability's shape \(2, 2, 2\), got \(2, 2, 3\)"),
        ({"terminated": np.zeros((2, 2), bool)}, "terminated must have probability's shape"),
        ({"initial": np.ones(3) / 3}, r"initial must have one entry a state, \(2,\), got \(3,\)"),
        ({"probability": np.full((2, 2, 2), "x")}, "probability must hold numbers"),
        ({"next_state": np.zeros((2, 2, 2))}, "next_state must hold integers, got an array of dtype float64"),
        ({"terminated": np.zeros((2, 2, 2), int)}, "terminated must hold bools, got an array of dtype int64"),
        ({"reward": np.full((2, 2, 2), None)}, "reward must hold numbers"),
        ({"initial": [np.nan, 1.0]}, "initial: state 0 has a probability that is negative or NaN"),
        ({"initial": [2.0, -1.0]}, "initial: state 1 has a probability that is negative or NaN: -1.0"),
        ({"initial": [0.5, 0.4]}, r"initial: the probabilities of all states must sum to 1, got 0\.9"),
        ({"num_outcomes": np.ones((2, 1), int)}, r"num_outcomes must have the shape \(2, 2\)"),
        ({"num_outcomes": [[2, 1], [2, 0]]}, r"state 1, action 1: num_outcomes is 0; expected 1 \.\. 2"),
        ({"num_outcomes": [[2, 3], [2, 1]]}, r"state 0, action 1: num_outcomes is 3; expected 1 \.\. 2"),
        ({"num_outcomes": [[2, 1], [1, 1]]}, "state 1, action 0: num_outcomes is 1; .*probability 0 in every outcome"),
    ],
)
def test_arrays_that_contradict_each_other_are_refused(change, message):
    with pytest.raises(error.InvalidMDP, match=message):
        MDP(**{**two_states(), **change})


def test_thirds_sum_to_1():
    """What the tolerance is for."""
    MDP.from_P({0: {0: [(1 / 3, 0, 0, False)] * 3}})
    MDP.from_P({0: {0: [(0.1, 0, 0, False)] * 10}})


def test_a_refusal_can_be_caught_as_a_value_error():
    assert issubclass(error.InvalidMDP, ValueError)
    assert issubclass(error.InvalidMDP, error.Error)


# Arrays -----------------------------------------------------------------------------------------------------------


def test_the_arrays_are_read_only_copies():
    arguments = two_states()
    mdp = MDP(**arguments)
    for name in ARRAYS:
        assert not getattr(mdp, name).flags.writeable, name
    for array in arguments.values():
        array[:] = 0
    assert_same_table(mdp, MDP(**two_states()))
    for derived in (mdp.cumulative, mdp.terminal):
        assert not derived.flags.writeable


def test_dtypes():
    mdp = MDP(**two_states())
    dtypes = [getattr(mdp, name).dtype.name for name in ARRAYS]
    assert dtypes == ["float64", "int32", "int64", "bool", "float64", "int32"]
    assert MDP(**{**two_states(), "reward": np.zeros((2, 2, 2), np.float32)}).reward.dtype == np.float64
    assert (mdp.num_states, mdp.num_actions) == (2, 2)


def test_nothing_can_be_assigned():
    with pytest.raises(AttributeError):
        MDP(**two_states()).probability = 0


@given(mdps())
def test_copies_are_the_table_itself_and_pickles_its_equal(mdp):
    assert copy.copy(mdp) is mdp
    assert copy.deepcopy([mdp])[0] is mdp
    for table in (mdp, MDP.from_P(without_impossible_outcomes(mdp), mdp.initial)):
        thawed = pickle.loads(pickle.dumps(table))
        assert_same_table(thawed, table)
        assert not thawed.probability.flags.writeable


def test_the_repr_counts():
    assert repr(MDP(**two_states())) == "MDP(2 states, 2 actions, at most 2 outcomes)"


# In Gym's form ----------------------------------------------------------------------------------------------------


@given(mdps())
def test_from_P_of_P_is_the_same_table(mdp):
    assert_same_table(MDP.from_P(mdp.P, mdp.initial), mdp)


@given(mdps())
def test_from_P_keeps_rows_of_different_lengths(mdp):
    P = without_impossible_outcomes(mdp)
    ragged = MDP.from_P(P, mdp.initial)
    assert ragged.P == P
    assert ragged.num_outcomes.tolist() == [[len(row) for row in rows.values()] for rows in P.values()]
    assert_same_table(MDP.from_P(ragged.P, ragged.initial), ragged)
    as_lists = [list(rows.values()) for rows in P.values()]
    assert_same_table(MDP.from_P(as_lists, mdp.initial), ragged)


@pytest.mark.parametrize("rows", MAPS.values())
def test_from_P_of_a_lake_is_the_same_lake(rows):
    mdp = build_mdp(checked_map(rows))
    assert_same_table(MDP.from_P(mdp.P, mdp.initial), mdp)


def test_P_holds_pythons_own_types():
    assert repr(MDP(**two_states()).P[0][0]) == "[(0.5, 0, 0, False), (0.5, 1, 1, False)]"


def test_the_start_is_state_0_unless_told_otherwise():
    P = {s: {0: [(1.0, s, 0, False)]} for s in range(3)}
    assert MDP.from_P(P).initial.tolist() == [1, 0, 0]
    assert MDP.from_P(P, [0, 0.5, 0.5]).initial.tolist() == [0, 0.5, 0.5]


@pytest.mark.parametrize(
    ("P", "message"),
    [
        ({}, "at least one state and one action, got P with 0 states"),
        ({0: {}}, "at least one state and one action, got P with 1 states"),
        ({1: {0: [(1.0, 0, 0, False)]}}, r"numbered 0 \.\. 0 and actions from 0: no key 0 at state 0"),
        ({0: {1: [(1.0, 0, 0, False)]}}, "no key 0 at state 0"),
        ({0: {0: [(1.0, 0, 0, False)]}, 1: {}}, "state 0 has 1, state 1 has 0"),
        ({0: {0: []}}, r"P\[0\]\[0\] must be a non-empty list"),
        ({0: {0: [(1.0, 0, 0)]}}, r"P\[0\]\[0\] must be a non-empty list of \(probability, next_state, reward, term"),
        ({0: {0: [(1.0, 0, 0, 1)]}}, "terminated must hold bools"),
        ({0: {0: [(1.0, 0.5, 0, False)]}}, "next_state must hold integers"),
        ({0: {0: [(1.0, 0, 0, False)], 1: [(0.9, 0, 0, False)]}}, "state 0, action 1: .*must sum to 1"),
        ({0: {0: [(1.0, 1, 0, False)]}}, "state 0, action 0: outcome 0 leads outside"),
    ],
)
def test_a_table_in_gyms_form_with_a_mistake_is_refused(P, message):
    with pytest.raises(error.InvalidMDP, match=message):
        MDP.from_P(P)


# What is derived ----------------------------------------------------------------------------------------------------


@given(mdps())
def test_cumulative_is_the_running_sum(mdp):
    assert mdp.cumulative.tolist() == np.cumsum(mdp.probability, axis=2).tolist()


def is_terminal(mdp, state):
    """The definition, by looking at every outcome of ``P``."""
    arrivals = [
        (source, terminated)
        for source, rows in mdp.P.items()
        for row in rows.values()
        for p, next_state, _, terminated in row
        if p > 0 and next_state == state
    ]
    entered_ending = any(terminated for _, terminated in arrivals)
    entered_going_on = any(source != state for source, terminated in arrivals if not terminated)
    return entered_ending and not entered_going_on and mdp.initial[state] == 0


@given(mdps())
def test_terminal_states(mdp):
    assert mdp.terminal.tolist() == [is_terminal(mdp, state) for state in range(mdp.num_states)]


@given(lake_maps(), success_rates)
def test_the_terminal_states_of_a_lake_are_its_reachable_holes_and_goals(rows, success_rate):
    """All of them in fact: each absorbs, with ``terminated``."""
    terminal = build_mdp(checked_map(rows), success_rate=success_rate).terminal
    assert terminal.tolist() == [letter in "GH" for row in rows for letter in row]


@given(mdps())
def test_the_transition_matrix_sums_the_outcomes_and_absorbs(mdp):
    matrix = mdp.transition_matrix()
    assert matrix.shape == (mdp.num_states, mdp.num_actions, mdp.num_states)
    assert matrix.dtype == np.float64
    assert np.abs(matrix.sum(axis=2) - 1).max() <= 1e-15
    for state in range(mdp.num_states):
        for action in range(mdp.num_actions):
            if mdp.terminal[state]:
                expected = np.eye(mdp.num_states)[state]
            else:
                expected = np.zeros(mdp.num_states)
                for p, next_state, _, _ in mdp.P[state][action]:
                    expected[next_state] += p
            assert matrix[state, action] == pytest.approx(expected, abs=1e-15)


@given(mdps())
def test_sparse_equals_dense(mdp):
    sparse = mdp.sparse()
    dense = mdp.transition_matrix().reshape(-1, mdp.num_states)
    assert type(sparse).__name__ == "csr_array"
    assert sparse.toarray() == pytest.approx(dense, abs=1e-15)
    assert sparse.nnz == np.count_nonzero(dense)


def test_a_dense_matrix_that_no_laptop_holds_is_refused():
    size = 20_000
    states = np.arange(size)[:, None, None]
    mdp = MDP(np.ones((size, 1, 1)), states, states, np.zeros((size, 1, 1), bool), np.eye(1, size)[0])
    with pytest.raises(MemoryError, match=r"mdp\.sparse"):
        mdp.transition_matrix()
    assert mdp.sparse().shape == (size, size)


# The environment that plays a table -----------------------------------------------------------------------------


@given(mdps(), seeds, st.lists(st.integers(0, 2), max_size=20))
def test_any_table_can_be_played_and_draws_as_the_reference_does(mdp, seed, actions):
    """Reset and step against the reference's own sampler, fed by the same generator: an exact test."""
    env = TabularEnv(mdp)
    assert (str(env.action_space), str(env.observation_space)) == (
        f"Discrete({mdp.num_actions})",
        f"Discrete({mdp.num_states})",
    )
    rng = np.random.default_rng(seed)
    state, info = env.reset(seed=seed)
    assert info == {"prob": 1}
    assert state == categorical_sample(mdp.initial, rng)
    for action in (choice % mdp.num_actions for choice in actions):
        row = mdp.P[state][action]
        p, next_state, reward, terminated = row[categorical_sample([outcome[0] for outcome in row], rng)]
        assert env.step(action) == (next_state, reward, terminated, False, {"prob": p})
        assert (env.s, env.lastaction) == (next_state, action)
        state = next_state
    assert env.np_random.bit_generator.state == rng.bit_generator.state  # one draw each, no more


class Fixed:
    """A generator whose every number is the one given."""

    def __init__(self, number):
        self.number = number

    def random(self):
        return self.number


@pytest.mark.parametrize("number", [0.0, 0.25, 0.5, 1 - 1e-10, 1 - 2**-53])
def test_numbers_at_the_edges_draw_what_the_reference_draws(number):
    """Also beyond the last running sum, where rounding (here: within the tolerance) leaves no outcome."""
    short = [0.25, 0.25, 0.5 - 5e-9]
    rows = {action: [(p, s, 0, False) for s, p in enumerate(short)] for action in range(2)}
    env = TabularEnv(MDP.from_P(dict.fromkeys(range(3), rows), short))
    env.np_random = Fixed(number)
    expected = categorical_sample(short, Fixed(number))
    assert env.reset()[0] == expected
    assert env.step(1)[0] == expected


def test_a_state_of_probability_0_is_never_drawn():
    """Not even by the number 0, which a sampler with >= for > would take for the first state's."""
    env = TabularEnv(MDP.from_P({s: {0: [(0.0, 0, 5, False), (1.0, 1, 0, False)]} for s in range(2)}, [0.0, 1.0]))
    env.np_random = Fixed(0.0)
    assert env.reset()[0] == 1
    assert env.step(0)[:2] == (1, 0)


def test_what_is_no_table_is_refused():
    with pytest.raises(error.InvalidMDP, match=r"MDP\.from_P"):
        TabularEnv({0: {0: [(1.0, 0, 0, True)]}})


def test_the_table_and_its_parts_are_attributes():
    mdp = MDP(**two_states())
    env = TabularEnv(mdp)
    assert env.mdp is mdp
    assert env.P is mdp.P
    assert env.initial_state_distrib is mdp.initial
    assert env.s is None
    assert "2 states" in repr(env)


def test_a_table_of_a_million_states_is_played_without_being_unpacked():
    size = 1_000_000
    states = np.arange(size)[:, None, None]
    mdp = MDP(np.ones((size, 1, 1)), (states + 1) % size, states, np.zeros((size, 1, 1), bool), np.eye(1, size)[0])
    env = TabularEnv(mdp)
    env.reset(seed=0)
    assert [env.step(0)[0] for _ in range(5)] == [1, 2, 3, 4, 5]
    assert "P" not in vars(mdp)
