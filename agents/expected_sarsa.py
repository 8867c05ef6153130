"""Expected SARSA: as SARSA, but the next action's luck is left out: its expectation under the policy takes its place.

Van Seijen, van Hasselt, Whiteson and Wiering (2009); Sutton and Barto (2018), section 6.6. One table of values (S, A)
a seed. The loop that plays the episodes is :func:`agents.common.tabular.player`'s.

The policy must be known to take an expectation, so exploration is epsilon-greedy. As in SARSA the values approach
those of the best epsilon-soft policy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.common import tabular
from agents.common.acting import expected_value
from agents.common.environment import Environment
from agents.common.progress import Progress
from agents.common.run import Learned
from agents.common.schedules import Decay, TabularConfig


@dataclass(frozen=True)
class Config(TabularConfig):
    """The hyperparameters: those of :class:`TabularConfig`, with the recipe for the slippery 4x4 lake as defaults."""

    episodes: int = 30_000  # of each seed
    initial_epsilon: float = 0.15  # probability of a random action in the first episode ...
    final_epsilon: float = 0.01  # ... and in the last: values learned while it was large must have time to be forgotten
    epsilon_decay: Decay = "geometric"  # the way between them


def update(q_values, state, action, reward, next_state, terminated, alpha, gamma, epsilon):
    """Equation 6.9: Q(S, A) <- Q(S, A) + alpha [R + gamma sum_a pi(a | S') Q(S', a) - Q(S, A)].

    The policy pi is epsilon-greedy in Q; actions of the same value share the probability. After the end nothing
    follows, so the value of a terminal S' is 0. A time limit is no such end.
    """
    target = reward
    if not terminated:
        target += gamma * expected_value(q_values, next_state, epsilon)
    q_values[state, action] += alpha * (target - q_values[state, action])


def after_step(q_values, step, memory, generator):
    """One step of the loop: learn from it."""
    state, action, reward, next_state = step.state, step.action, step.reward, step.next_state
    update(q_values, state, action, reward, next_state, step.terminated, step.alpha, step.gamma, step.epsilon)


RULE = tabular.Rule(after_step=after_step)


def train(environment: Environment, config: Config, seeds: Sequence[int], progress: Progress) -> Learned:
    """Train on every seed: see :func:`agents.common.tabular.learn`."""
    return tabular.learn(environment.make, config, seeds, progress, RULE)


policy = tabular.policy
acting = tabular.acting
