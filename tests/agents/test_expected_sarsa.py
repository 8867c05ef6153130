"""Expected SARSA: its update by hand, and its own exact target."""

import numpy as np
import pytest

from agents.expected_sarsa import update
from tests.agents.tabular_runs import error_of, make_lake, train


def test_update_by_hand():
    q_values = np.array([[1.0, 2.0], [3.0, 5.0]])
    update(q_values, 0, 1, 10.0, 1, False, 0.25, 0.5, 0.2)
    expected = 0.1 * 3.0 + 0.9 * 5.0
    np.testing.assert_allclose(q_values, [[1.0, 2.0 + 0.25 * (10.0 + 0.5 * expected - 2.0)], [3.0, 5.0]], rtol=1e-15)


def test_ties_share_the_probability():
    q_values = np.array([[0.0, 0.0, 0.0], [7.0, 1.0, 7.0]])
    update(q_values, 0, 0, 0.0, 1, False, 1.0, 1.0, 0.3)
    assert q_values[0, 0] == pytest.approx(0.45 * 7 + 0.1 * 1 + 0.45 * 7)
    q_values[1] = 2.0
    update(q_values, 0, 0, 0.0, 1, False, 1.0, 1.0, 0.3)
    assert q_values[0, 0] == pytest.approx(2.0)


def test_update_of_a_terminating_step_does_not_bootstrap():
    q_values = np.array([[1.0, 2.0], [3.0, 5.0]])
    update(q_values, 0, 1, 10.0, 1, True, 0.25, 0.5, 0.2)
    assert q_values.tolist() == [[1.0, 2.0 + 0.25 * (10.0 - 2.0)], [3.0, 5.0]]


@pytest.mark.parametrize("episodes", [2_000, 32_000])
def test_it_converges_to_the_best_epsilon_soft_policys_values(episodes):
    """Which are 0.37 from the optimal ones. The seeds are fixed, so there is no false alarm."""
    errors, _ = error_of("expected_sarsa", episodes)
    assert errors.mean() < 8 / np.sqrt(episodes)


def test_the_recipe():
    learned = train("expected_sarsa", make_lake, range(1000, 1010), checkpoints=1)
    exact = learned.checkpoints["exact_success"][:, -1]
    assert (np.abs(exact - 0.740165) < 1e-6).sum() >= 9  # 100 of the 100 seeds it was tuned on
