"""Double Q-learning: two tables, so that the one that picks an action is not the one that says what it is worth.

Van Hasselt (2010); Sutton and Barto (2018), section 6.7. Q-learning takes the largest of several noisy values for the
largest value, and so rates too high what it has tried seldom. Here a coin decides which table learns from a step; it
picks the next action, and the other one values it.

Two tables of values (S, A) a seed. The agent acts on their sum; ``run.q_values`` is their mean, which orders the
actions alike and can be compared with the values of other agents. The loop that plays the episodes is
:func:`agents.common.tabular.player`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.common import tabular
from agents.common.acting import best_action
from agents.common.environment import Environment
from agents.common.progress import Progress
from agents.common.run import Learned
from agents.common.schedules import NoisyConfig


@dataclass(frozen=True)
class Config(NoisyConfig):
    """The hyperparameters: those of :class:`NoisyConfig`, with the recipe for the slippery 4x4 lake as defaults."""

    final_epsilon: float = 0.2  # probability of a random action in the last episode: each table sees half the steps


def update(q_values, state, action, reward, next_state, terminated, alpha, gamma, generator):
    """Equation 6.10, with Q1 and Q2 changing places by the toss of a coin.

    Q1(S, A) <- Q1(S, A) + alpha [R + gamma Q2(S', argmax_a Q1(S', a)) - Q1(S, A)].

    Ties of the argmax are broken at random. After the end nothing follows, so the value of a terminal S' is 0. A time
    limit is no such end.
    """
    learning, valuing = (0, 1) if generator.random() < 0.5 else (1, 0)
    target = reward
    if not terminated:
        next_action = best_action(q_values[learning], next_state, generator)
        target += gamma * q_values[valuing, next_state, next_action]
    q_values[learning, state, action] += alpha * (target - q_values[learning, state, action])


def after_step(q_values, step, memory, generator):
    """One step of the loop: learn from it."""
    state, action, reward, next_state = step.state, step.action, step.reward, step.next_state
    update(q_values, state, action, reward, next_state, step.terminated, step.alpha, step.gamma, generator)


RULE = tabular.Rule(after_step=after_step, num_tables=2)


def train(environment: Environment, config: Config, seeds: Sequence[int], progress: Progress) -> Learned:
    """Train on every seed: see :func:`agents.common.tabular.learn`."""
    return tabular.learn(environment.make, config, seeds, progress, RULE)


policy = tabular.policy
acting = tabular.acting
