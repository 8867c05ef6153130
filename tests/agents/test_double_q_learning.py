"""Double Q-learning: its update by hand, its exact target, and the smaller bias that it is made for."""

import numpy as np
import pytest

from agents.common.acting import best_action, worth
from agents.double_q_learning import update
from minigym import MDP
from tests.agents.tabular_runs import constant, error_of, limited, make_lake, train


class Coin:
    """A generator that draws what it is told."""

    def __init__(self, *draws):
        self.draws = list(draws)

    def random(self):
        return self.draws.pop(0)


def tables():
    return np.array([[[1.0, 2.0], [6.0, 5.0]], [[3.0, 4.0], [7.0, 8.0]]])


def test_update_by_hand():
    """The first table says action 0 of state 1 is best, which the second takes to be worth 7; and the other way."""
    q_values = tables()
    update(q_values, 0, 1, 10.0, 1, False, 0.25, 0.5, Coin(0.4))
    assert q_values.tolist() == [[[1.0, 2.0 + 0.25 * (10.0 + 0.5 * 7.0 - 2.0)], [6.0, 5.0]], tables()[1].tolist()]
    q_values = tables()
    update(q_values, 0, 1, 10.0, 1, False, 0.25, 0.5, Coin(0.6))
    assert q_values.tolist() == [tables()[0].tolist(), [[3.0, 4.0 + 0.25 * (10.0 + 0.5 * 5.0 - 4.0)], [7.0, 8.0]]]


def test_update_of_a_terminating_step_does_not_bootstrap():
    q_values = tables()
    update(q_values, 0, 1, 10.0, 1, True, 0.25, 0.5, Coin(0.4))
    assert q_values.tolist() == [[[1.0, 2.0 + 0.25 * (10.0 - 2.0)], [6.0, 5.0]], tables()[1].tolist()]


def test_ties_of_the_argmax_are_broken_at_random():
    """The second draw decides between the equals of the learning table: below a half, the later one."""
    for draw, valued in ((0.4, 8.0), (0.6, 7.0)):
        q_values = tables()
        q_values[0, 1] = 6.0
        update(q_values, 0, 0, 0.0, 1, False, 1.0, 1.0, Coin(0.4, draw))
        assert q_values[0, 0, 0] == valued


def test_it_acts_on_the_sum_of_both():
    q_values = np.array([[[5.0, 0.0, 4.0]], [[0.0, 5.0, 4.0]]])
    assert [worth(q_values, 0, action) for action in range(3)] == [5.0, 5.0, 8.0]
    assert best_action(q_values, 0, Coin(0.9)) == 2  # one draw, for the first two


def test_what_it_returns():
    """The mean of both tables, beside the tables; they differ, and learn from about half of the steps each."""
    learned = train("double_q_learning", make_lake, range(2), episodes=200)
    both = learned.arrays["tables"]
    assert both.shape == (2, 2, 16, 4)
    np.testing.assert_array_equal(learned.arrays["q_values"], both.mean(axis=1))
    assert (both[:, 0] != both[:, 1]).any()
    mdp = MDP.from_P({0: {0: [(1.0, 0, 1.0, True)]}}, initial=[1.0])
    learned = train("double_q_learning", limited(mdp, 9), range(4), episodes=1000, **constant(alpha=0.001))
    updates = np.log1p(-learned.arrays["tables"][:, :, 0, 0]) / np.log(0.999)  # n updates leave 0.999 ** n of the way
    np.testing.assert_allclose(updates.sum(axis=1), 1000)
    assert np.abs(updates - 500).max() < 100  # 6.3 standard deviations, 4 runs: 1e-9


@pytest.mark.parametrize("episodes", [2_000, 32_000])
def test_it_converges_to_the_optimal_values(episodes):
    """The seeds are fixed, so there is no false alarm."""
    errors, _ = error_of("double_q_learning", episodes)
    assert errors.mean() < 8 / np.sqrt(episodes)


def noisy_choice():
    """Example 6.7: from A right to the end for 0, or left to B, whose ten actions end with a reward of N(-0.1, 1).

    The table has as many actions in A, so half of them are left and half right; the normal reward is 16 equally
    likely values of mean -0.1 and variance 1.
    """
    from statistics import NormalDist

    z = np.array([NormalDist().inv_cdf((k + 0.5) / 16) for k in range(16)])
    rewards = -0.1 + (z - z[::-1]) / 2 / np.sqrt(np.mean(z**2))
    left, right = [(1.0, 1, 0.0, False)], [(1.0, 2, 0.0, True)]
    end = {a: [(1.0, 2, 0.0, True)] for a in range(10)}
    return MDP.from_P(
        {
            0: {a: left if a < 5 else right for a in range(10)},
            1: {a: [(1 / 16, 2, float(reward), True) for reward in rewards] for a in range(10)},
            2: end,
        }
    )


def test_the_maximisation_bias_of_example_6_7():
    """Alpha 0.1, epsilon 0.1, gamma 1, as in the book's figure 6.5; left is never right.

    400 runs of 80 episodes each: the standard errors are below 0.015 of the shares and 0.01 of the values. The seeds
    are fixed, so there is no false alarm.
    """
    mdp = noisy_choice()
    np.testing.assert_allclose((mdp.probability * mdp.reward).sum(axis=2)[1], -0.1, atol=1e-12)
    lefts, values = {}, {}
    for agent in ("q_learning", "double_q_learning"):
        settings = {"episodes": 80, "gamma": 1.0, "checkpoints": 1, **constant(0.1, 0.1)}
        learned = train(agent, limited(mdp, 9), range(400), **settings)
        lefts[agent] = (np.array(learned.episode_lengths) == 2)[:, 50:].mean()
        values[agent] = learned.arrays["q_values"][:, 0, :5].max(axis=1).mean()  # of the best left, truly -0.1
    assert lefts["q_learning"] > lefts["double_q_learning"] + 0.3
    assert values["q_learning"] > values["double_q_learning"] + 0.05
    assert lefts["double_q_learning"] > 0.05  # what epsilon alone does


def test_the_recipe():
    learned = train("double_q_learning", make_lake, range(1000, 1010), checkpoints=1)
    exact = learned.checkpoints["exact_success"][:, -1]
    assert (np.abs(exact - 0.740165) < 1e-6).sum() >= 9  # 100 of the 100 seeds it was tuned on
