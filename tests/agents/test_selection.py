"""Checkpoints on the select stream: when they come, what they say, and which parameters they keep."""

import math

import numpy as np
import pytest
import torch

import minigym
from agents.common import streams
from agents.common.environment import describe
from agents.common.evaluation import SELECT_EPISODES as EPISODES
from agents.common.evaluation import first_returns
from agents.common.lanes import lanes_of
from agents.common.selection import Selection
from minigym import spaces


class Pay(minigym.Env):
    """Three steps, each of which pays the action, less 100 in an episode that is not the first one."""

    def __init__(self):
        self.observation_space, self.action_space = spaces.Discrete(4), spaces.Discrete(100)
        self.episodes = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.step_number, self.episodes = 0, self.episodes + 1
        return 0, {}

    def step(self, action):
        self.step_number += 1
        over = self.step_number == 3
        return self.step_number, float(action) - 100 * (self.episodes > 1), over, False, {}


def act(theta, observations):
    """Everywhere the seed's only parameter."""
    return np.broadcast_to(theta[:, :1].detach().numpy().astype(np.int64), observations.shape)


def chosen(points=4, total=100, seeds=(7, 8)):
    return Selection(describe(Pay), seeds, total, points)


def thetas(*values):
    return torch.tensor([[float(value)] for value in values], requires_grad=True)


def test_the_curve_and_the_best_by_hand():
    last = np.full((2, 1), -1, np.float32)
    select = chosen()
    assert math.isnan(select.recent())
    assert select.curve["greedy_return"].shape == (2, 0)
    assert select.best(last).tolist() == last.tolist()
    for step, theta in (
        (24, (9, 9)),
        (25, (1, 4)),
        (26, (9, 9)),
        (50, (3, 2)),
        (75, (3, 4)),
        (99, (9, 9)),
        (100, (2, 0)),
    ):
        select.look(step, thetas(*theta), act)
    assert select.curve["steps"].tolist() == [25, 50, 75, 100]
    assert select.curve["greedy_return"].tolist() == [[3, 9, 9, 6], [12, 6, 12, 0]]
    assert select.recent() == 3
    assert select.best(last).tolist() == [[3], [4]]


def test_of_equals_the_latest_is_kept():
    select = Selection(describe(Pay), [7], 2, 2)
    for step in (1, 2):
        select.look(step, torch.tensor([[5.0, step]]), act)
    assert select.best(np.zeros((1, 2), np.float32)).tolist() == [[5, 2]]


def test_seeds_that_do_not_step_together_are_looked_at_in_their_own_time():
    select = chosen()
    last = np.full((2, 1), -1, np.float32)
    select.look(np.array([30, 20]), thetas(1, 9), act)
    assert select.curve["steps"].tolist() == []  # the second has not been there yet
    assert select.best(last).tolist() == [[1], [-1]]
    select.look(np.array([80, 24]), thetas(2, 9), act)  # two at once
    select.look(np.array([110, 25]), thetas(3, 4), act)
    assert select.curve["steps"].tolist() == [30]  # the most that either had taken
    assert select.curve["greedy_return"].tolist() == [[3], [12]]
    select.look(np.array([110, 55]), thetas(9, 5), act)
    select.look(np.array([110, 79]), thetas(9, 6), act)
    select.look(np.array([110, 104]), thetas(9, 7), act)
    # At 50 and 75 the first had 80 steps: one point of the curve.
    assert select.curve["steps"].tolist() == [30, 80, 110]
    assert select.curve["greedy_return"].tolist() == [[3, 6, 9], [12, 18, 21]]
    assert select.best(last).tolist() == [[3], [7]]


def test_a_batch_beyond_several_checkpoints_is_one_point():
    select = chosen(points=20)
    for step in (40, 80, 120):
        select.look(step, thetas(step // 40, 1), act)
    assert select.curve["steps"].tolist() == [40, 80, 120]
    assert select.curve["greedy_return"].tolist() == [[3, 6, 9], [3, 3, 3]]


def test_only_the_first_episode_of_a_lane_counts():
    def chosen(observations, _):
        return act(thetas(2, 5), observations)

    lanes = lanes_of(describe(Pay), [7, 8], 3)
    assert first_returns(lanes, chosen, 500).tolist() == [[6] * 3, [15] * 3]
    lanes = lanes_of(describe(Pay), [7, 8], 3)
    assert first_returns(lanes, chosen, 2).tolist() == [[4] * 3, [10] * 3]  # cut


def test_the_episodes_are_those_of_the_select_stream_and_always_the_same(monkeypatch):
    seen = []
    monkeypatch.setattr(Pay, "reset", lambda self, seed=None, **_: seen.append(seed) or (0, {}))
    monkeypatch.setattr(Pay, "step", lambda self, action: (0, 1.0, True, False, {}))
    select = chosen()
    select.look(25, thetas(1, 1), act)
    select.look(np.array([25, 50]), thetas(1, 1), act)
    asked = [seed for seed in seen if seed is not None]
    own = {seed: streams.integers(seed, streams.SELECT, EPISODES) for seed in (7, 8)}
    assert asked == own[7] + own[8] + own[8]


def test_a_selection_goes_on_from_its_snapshot():
    one, other = chosen(), chosen()
    other.restore(chosen().snapshot())  # of one that has seen nothing
    for step, theta in ((25, (1, 4)), (50, (3, 2)), (75, (2, 8)), (100, (0, 0))):
        snapshot = one.snapshot()
        kept = {name: values.copy() for name, values in snapshot.items()}
        one.look(step, thetas(*theta), act)
        assert all(np.array_equal(values, snapshot[name], equal_nan=True) for name, values in kept.items())
        other = chosen()
        other.restore(snapshot)
        other.look(step, thetas(*theta), act)
        assert all(np.array_equal(values, snapshot[name], equal_nan=True) for name, values in kept.items())
    for name, values in one.curve.items():
        assert np.array_equal(values, other.curve[name])
    assert other.best(np.zeros((2, 1))).tolist() == [[3], [8]]


@pytest.mark.parametrize("error_in", ["step", "act"])
def test_the_environments_are_closed_whatever_happens(monkeypatch, error_in):
    closed = []

    class Closing(Pay):
        def close(self):
            closed.append(self)

    select = Selection(describe(Closing), [7, 8], 100, 4)

    def broken(*_):
        raise RuntimeError("broken")

    if error_in == "step":
        monkeypatch.setattr(Pay, "step", broken)
    closed.clear()
    with pytest.raises(RuntimeError, match="broken"):
        select.look(25, thetas(1, 1), broken if error_in == "act" else act)
    assert len(closed) == 2 * EPISODES
