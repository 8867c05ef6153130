"""Monte Carlo control: wait for the end of the episode, and learn from the return that really followed.

Sutton and Barto (2018), section 5.4, the box "On-policy first-visit MC control (for epsilon-soft policies)". One table
of values (S, A) a seed. The loop that plays the episodes is :func:`agents.common.tabular.player`'s.

A truncated episode has no return: the time limit cut it off. To leave it out would favour short episodes, and to count
nothing for the rest would call the limit an end. So the rest is estimated: it is worth what the table says of the last
state under the policy followed, as in expected SARSA. Where every episode terminates, nothing is ever bootstrapped.

The policy must be known for that, so exploration is epsilon-greedy. As in SARSA the values approach those of the best
epsilon-soft policy, and its greedy moves are the best of all only where epsilon is small enough: on the slippery lake
up to 0.07 with a gamma of 0.99, up to 0.12 with 0.999.

No value is passed on from state to state, so each state needs many visits of its own. That can be a trap. The lake's
upper right corner is reached only from the tile beside it: while the corner's move is wrong it is better not to go
there, and who does not go there learns no better. So the recipe's step sizes are large at first, to let first opinions
change soon. In the end they are small, since a return is 0 or nearly 1, and the values of moves differ by 0.02.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from agents.common import tabular
from agents.common.acting import expected_value
from agents.common.environment import Environment
from agents.common.progress import Progress
from agents.common.run import Learned
from agents.common.schedules import TabularConfig, check_choice

StepSize = Literal["alpha", "average"]


@dataclass(frozen=True)
class Config(TabularConfig):
    """The hyperparameters: those of :class:`TabularConfig`, with the recipe for the slippery 4x4 lake as defaults."""

    episodes: int = 400_000  # of each seed: a return is noisy, and of seldom tried actions there are few
    gamma: float = 0.999  # discount of the next step's value
    step_size: StepSize = "alpha"  # or "average": the box's mean of all returns so far, those of old policies too
    initial_alpha: float = 0.1  # step size in the first episode, falling geometrically ("alpha")
    final_alpha: float = 0.0003  # and in the last
    initial_epsilon: float = 0.07  # probability of a random action: the values are those of this very policy
    final_epsilon: float = 0.07  # and to the end: what is seldom tried is not learned

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("step_size", self.step_size, get_args(StepSize))


class Memory(NamedTuple):
    """The episode so far, and what is counted."""

    states: NDArray[np.int64]  # (longest episode,)
    actions: NDArray[np.int64]  # (longest episode,)
    rewards: NDArray[np.float64]  # (longest episode,), R_t+1 at place t
    occurrences: NDArray[np.int64]  # (S, A), in this episode, up to the step looked at; all 0 between episodes
    returns: NDArray[np.int64]  # (S, A), how many returns each action has had


def make_memory(limit: int, num_states: int, num_actions: int) -> Memory:
    """An empty memory for episodes of at most ``limit`` steps."""
    occurrences, returns = np.zeros((2, num_states, num_actions), np.int64)
    return Memory(np.empty(limit, np.int64), np.empty(limit, np.int64), np.empty(limit), occurrences, returns)


def update(q_values, memory, length, value_of_rest, alpha, gamma, average):
    """The box's loop over the steps of an episode, t = T-1, T-2, ..., 0: G <- gamma G + R_t+1.

    Unless the pair S_t, A_t appears earlier in the episode, Q(S_t, A_t) moves towards G: all the way to the average
    of its returns with a step size of 1/n (equation 2.3), or by a share alpha of the difference (equation 6.1).

    Args:
        q_values: (S, A).
        memory: the episode.
        length: its steps, T.
        value_of_rest: G before the loop: 0 after the end; of a truncated episode what may still follow.
        alpha, gamma: the share, and the discount.
        average: whether to take the average of all returns so far.
    """
    states, actions, rewards, occurrences, returns = memory
    for t in range(length):
        occurrences[states[t], actions[t]] += 1
    G = value_of_rest
    for t in range(length - 1, -1, -1):
        state, action = states[t], actions[t]
        G = gamma * G + rewards[t]
        occurrences[state, action] -= 1
        if occurrences[state, action] == 0:  # the first visit
            returns[state, action] += 1
            step_size = 1 / returns[state, action] if average else alpha
            q_values[state, action] += step_size * (G - q_values[state, action])


def after_step(q_values, step, memory, generator):
    """One step of the loop: remember it."""
    t = step.length - 1
    memory.states[t], memory.actions[t], memory.rewards[t] = step.state, step.action, step.reward


def learning(average: bool) -> Callable[..., None]:
    """The end of an episode: learn from all of it."""

    def after_episode(q_values, step, memory, generator):
        value_of_rest = 0.0
        if not step.terminated:
            value_of_rest = expected_value(q_values, step.next_state, step.epsilon)
        update(q_values, memory, step.length, value_of_rest, step.alpha, step.gamma, average)

    return after_episode


RULES = {
    step_size: tabular.Rule(after_step=after_step, after_episode=learning(average), make_memory=make_memory)
    for step_size, average in (("alpha", False), ("average", True))
}


def train(environment: Environment, config: Config, seeds: Sequence[int], progress: Progress) -> Learned:
    """Train on every seed: see :func:`agents.common.tabular.learn`."""
    return tabular.learn(environment.make, config, seeds, progress, RULES[config.step_size])


policy = tabular.policy
acting = tabular.acting
