"""SARSA: learn what each action is worth to the very policy that is being followed, exploration included.

Rummery and Niranjan (1994); Sutton and Barto (2018), section 6.4. One table of values (S, A) a seed. The loop that
plays the episodes is :func:`agents.common.tabular.player`'s: the next action is chosen from the values before the
update, the update learns from it, and then it is the one that is taken.

With a constant epsilon the values approach those of the best epsilon-soft policy, not of the best of all: on the
slippery lake with epsilon 0.1, the policy that is greedy in them is worth 0.729766 where 0.740165 is possible. So
epsilon falls, and falls far (section 5.4 on what "epsilon-soft" means).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.common import tabular
from agents.common.environment import Environment
from agents.common.progress import Progress
from agents.common.run import Learned
from agents.common.schedules import Decay, NoisyConfig


@dataclass(frozen=True)
class Config(NoisyConfig):
    """The hyperparameters: those of :class:`NoisyConfig`, with the recipe for the slippery 4x4 lake as defaults."""

    episodes: int = 30_000  # of each seed
    initial_epsilon: float = 0.15  # probability of a random action in the first episode ...
    final_epsilon: float = 0.01  # ... and in the last: values learned while it was large must have time to be forgotten
    epsilon_decay: Decay = "geometric"  # the way between them


def update(q_values, state, action, reward, next_state, next_action, terminated, alpha, gamma):
    """Equation 6.7: Q(S, A) <- Q(S, A) + alpha [R + gamma Q(S', A') - Q(S, A)].

    After the end nothing follows, so the value of a terminal S' is 0. A time limit is no such end.
    """
    target = reward
    if not terminated:
        target += gamma * q_values[next_state, next_action]
    q_values[state, action] += alpha * (target - q_values[state, action])


def after_step(q_values, step, memory, generator):
    """One step of the loop: learn from it."""
    state, action, next_state, next_action = step.state, step.action, step.next_state, step.next_action
    update(q_values, state, action, step.reward, next_state, next_action, step.terminated, step.alpha, step.gamma)


RULE = tabular.Rule(after_step=after_step, looks_ahead=True)


def train(environment: Environment, config: Config, seeds: Sequence[int], progress: Progress) -> Learned:
    """Train on every seed: see :func:`agents.common.tabular.learn`."""
    return tabular.learn(environment.make, config, seeds, progress, RULE)


policy = tabular.policy
acting = tabular.acting
