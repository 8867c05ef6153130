"""Monte Carlo control: its update by hand, its exact target, and what a truncated episode is worth."""

import numpy as np
import pytest

from agents import planning
from agents.monte_carlo import Config, make_memory, update
from minigym import MDP, error
from tests.agents.tabular_runs import constant, error_of, limited, make_lake, train


def remembered(*steps):
    """A memory of these (state, action, reward)."""
    memory = make_memory(9, 2, 2)
    for t, (state, action, reward) in enumerate(steps):
        memory.states[t], memory.actions[t], memory.rewards[t] = state, action, reward
    return memory


def test_update_by_hand():
    """(0, 1) twice and (1, 0) once: only the return after the first visit counts."""
    memory = remembered((0, 1, 1.0), (1, 0, 2.0), (0, 1, 4.0))
    q_values = np.full((2, 2), 10.0)
    update(q_values, memory, 3, 0.0, 0.25, 0.5, False)
    first, second = 1 + 0.5 * (2 + 0.5 * 4), 2 + 0.5 * 4
    assert q_values.tolist() == [[10.0, 10 + 0.25 * (first - 10)], [10 + 0.25 * (second - 10), 10.0]]
    assert memory.occurrences.tolist() == [[0, 0], [0, 0]]
    assert memory.returns.tolist() == [[0, 1], [1, 0]]


def test_what_may_still_follow_is_added():
    q_values = np.zeros((2, 2))
    update(q_values, remembered((0, 0, 1.0), (1, 1, 2.0)), 2, 8.0, 1.0, 0.5, False)
    assert q_values.tolist() == [[1 + 0.5 * (2 + 0.5 * 8), 0.0], [0.0, 2 + 0.5 * 8]]


def test_averages():
    """The first value counts for nothing, and each return for as much as any other."""
    q_values = np.full((2, 2), 10.0)
    memory = make_memory(9, 2, 2)
    for reward in (3.0, 5.0, 13.0):
        memory.states[0], memory.actions[0], memory.rewards[0] = 1, 0, reward
        update(q_values, memory, 1, 0.0, 0.125, 1.0, True)
    np.testing.assert_allclose(q_values, [[10, 10], [7, 10]])


@pytest.mark.parametrize("step_size", ["alpha", "average"])
@pytest.mark.parametrize("driver", ["kernel", "step"])
def test_from_the_returns_the_values_can_be_computed(step_size, driver):
    """One action that pays 0 or 1 and goes on or ends: the first visit's return is the episode's."""
    mdp = MDP.from_P({0: {0: [(0.4, 0, 1.0, False), (0.6, 0, 0.0, True)]}}, initial=[1.0])
    learned = train("monte_carlo", limited(mdp, 900), driver=driver, episodes=50, gamma=1.0, step_size=step_size)
    value = 0.0
    for n, (G, alpha) in enumerate(zip(learned.episode_returns[0], Config(episodes=50).alphas(), strict=True), start=1):
        value += (alpha if step_size == "alpha" else 1 / n) * (G - value)
    assert learned.arrays["q_values"][0, 0, 0] == value
    assert learned.episode_lengths[0].max() > 2


def test_a_truncated_episode_is_worth_what_the_policy_expects_of_its_last_state():
    """Two episodes of one step: 0 -> 1, cut. State 1 was given values by the start: (2, 2), so 2 whatever epsilon."""
    mdp = MDP.from_P({0: {0: [(1.0, 1, 1.0, False)]}, 1: {0: [(1.0, 1, 0.0, True)]}})
    learned = train("monte_carlo", limited(mdp, 1), episodes=2, gamma=0.5, initial_q=2.0, **constant(alpha=0.5))
    # G = 1 + 0.5 * 2 = 2 both times, so nothing changes; if an end were taken for granted, G = 1.
    assert learned.arrays["q_values"].tolist() == [[[2.0], [2.0]]]
    assert learned.arrays["visits"].tolist() == [[[2], [0]]]


@pytest.mark.parametrize("step_size", ["alpha", "average"])
@pytest.mark.parametrize("episodes", [2_000, 32_000])
def test_it_converges_to_the_best_epsilon_soft_policys_values(step_size, episodes):
    """Which are 0.37 from the optimal ones; half of the episodes are cut. The seeds are fixed: no false alarm."""
    errors, learned = error_of("monte_carlo", episodes, step_size=step_size)
    assert errors.mean() < 8 / np.sqrt(episodes)
    assert 0.3 < (np.array(learned.episode_lengths) == 4).mean() < 0.7


def test_an_unknown_step_size():
    with pytest.raises(error.InvalidParameter, match="no step_size 'averge'; did you mean 'average'"):
        Config(step_size="averge")


def test_the_recipe():
    learned = train("monte_carlo", make_lake, range(1000, 1010), checkpoints=1)
    exact = learned.checkpoints["exact_success"][:, -1]
    assert (np.abs(exact - 0.740165) < 1e-6).sum() >= 9  # 100 of 0 to 99, 199 of 2000 to 2199


@pytest.mark.parametrize(("gamma", "below"), [(0.99, 0.07), (0.999, 0.12)])
def test_how_much_exploration_leaves_the_best_moves_the_best(gamma, below):
    """What the docstring says of the lake; the recipe's own epsilon is on the right side."""
    for epsilon, worth in ((below, 0.740165), (below + 0.01, 0.729766)):
        plan = planning.solve(make_lake().mdp, gamma=gamma, epsilon=epsilon)
        greedy = planning.soft_policy(plan.policy, 4, 0.0)
        assert planning.policy_return(make_lake().mdp, greedy, horizon=100) == pytest.approx(worth, abs=1e-6)
    assert Config().gamma == 0.999
    assert Config().epsilons().max() < 0.12
