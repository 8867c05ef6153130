"""Q-learning: learn what each action is worth, from experience alone, and act on what is learned so far.

Watkins (1989); Sutton and Barto (2018), section 6.5. One table of values (S, A) a seed. The loop that plays the
episodes is :func:`agents.common.tabular.player`'s; it lets :func:`update` learn from every step.

It learns wherever observations and actions are numbered. The pole's are not, but can be divided into cells, to see
why that is the wrong tool: of 10,000 cells a run sees one in twenty, and what it learns in one says nothing of the
next::

    def coarse_pole():
        env = minigym.make("CartPole-v1")
        bound = np.array([2.4, 3.0, 0.21, 3.5], np.float32)  # two of the four numbers have no bounds of their own
        env = wrappers.TransformObservation(env, lambda x: np.clip(x, -bound, bound), spaces.Box(-bound, bound))
        return wrappers.DiscretizeObservation(env, bins=10)

    run = agents.train("q_learning", coarse_pole, seeds=2, episodes=300)
    run.final_scores.mean(axis=1)  # about 50 to 150, of 500
    (run.learned.arrays["visits"].sum(axis=2) > 0).mean()  # the share of cells ever seen

(With bins=(1, 3, 8, 5) it does balance the pole: somebody who knew the answer chose them.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.common import tabular
from agents.common.acting import largest
from agents.common.environment import Environment
from agents.common.progress import Progress
from agents.common.run import Learned
from agents.common.schedules import NoisyConfig


@dataclass(frozen=True)
class Config(NoisyConfig):
    """The hyperparameters. The defaults, those of :class:`NoisyConfig`, are the recipe for the slippery 4x4 lake."""


def update(q_values, state, action, reward, next_state, terminated, alpha, gamma):
    """Equation 6.8: Q(S, A) <- Q(S, A) + alpha [R + gamma max_a Q(S', a) - Q(S, A)].

    After the end nothing follows, so the value of a terminal S' is 0. A time limit is no such end.
    """
    target = reward
    if not terminated:
        target += gamma * largest(q_values, next_state)
    q_values[state, action] += alpha * (target - q_values[state, action])


def after_step(q_values, step, memory, generator):
    """One step of the loop: learn from it."""
    state, action, reward, next_state = step.state, step.action, step.reward, step.next_state
    update(q_values, state, action, reward, next_state, step.terminated, step.alpha, step.gamma)


RULE = tabular.Rule(after_step=after_step)


def train(environment: Environment, config: Config, seeds: Sequence[int], progress: Progress) -> Learned:
    """Train on every seed: see :func:`agents.common.tabular.learn`."""
    return tabular.learn(environment.make, config, seeds, progress, RULE)


policy = tabular.policy
acting = tabular.acting
