"""What planning needs of an MDP, and one step of looking ahead (Sutton and Barto, section 4.1).

An outcome that terminates ends the sum of rewards: nothing is ever bootstrapped from the state that it enters.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.planning.sweeps import Table
from minigym import MDP, error

DENSE_STATES = 100  # up to here a dense solve is quicker than a sparse one, and needs no SciPy
TIE = 1e-10  # values that differ by this share of the sums they come from are taken for equal: it may be rounding


class Model(NamedTuple):
    """States in which all is over earn nothing and lead nowhere."""

    table: Table
    may_end: NDArray[np.bool_]
    """(S, A), whether the episode can end at once."""
    reward_size: NDArray[np.float64]
    """(S, A), the expected size of the reward, whatever its sign: its rounding is measured against that."""

    @property
    def reward(self) -> NDArray[np.float64]:
        """(S, A), the expected reward."""
        return self.table.reward

    def rewarding(self, reward: float) -> "Model":
        """The same with one reward for every step."""
        everywhere = np.where(self.table.over[:, None], 0.0, np.full(self.reward.shape, reward))
        return self._replace(table=self.table._replace(reward=everywhere), reward_size=np.abs(everywhere))


def model_of(mdp: MDP, never_ending: NDArray[np.bool_] | None = None) -> Model:
    """The model of an MDP; ``never_ending`` (S,) states, too, are taken for its terminal ones."""
    # A terminal state's own rows tell what a step after the end would do, which no episode ever takes.
    over = mdp.terminal if never_ending is None else mdp.terminal | never_ending
    return model_from(mdp, mdp.reward, mdp.terminated, over)


def model_from(mdp: MDP, reward: NDArray[Any], terminated: NDArray[np.bool_], over: NDArray[np.bool_]) -> Model:
    """The model of an MDP's moves with other rewards and ends, each (S, A, K)."""
    mixed = bool((reward < 0).any() and (reward > 0).any())
    expected, size, may_end = np.zeros((2, *over.shape, mdp.num_actions)), None, over[:, None]
    may_end = np.repeat(may_end, mdp.num_actions, axis=1)
    for outcome in range(mdp.probability.shape[2]):
        earned = mdp.probability[:, :, outcome] * reward[:, :, outcome]
        expected[0] += earned
        if mixed:
            expected[1] += np.abs(earned)
        may_end |= (mdp.probability[:, :, outcome] > 0) & terminated[:, :, outcome]
    expected[:, over] = 0.0
    size = expected[1] if mixed else np.abs(expected[0])
    return Model(Table(mdp.probability, mdp.next_state, terminated, expected[0], over), may_end, size)


def expectation(model: Model, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(S, A): what follows an action on average, where ``values`` (S,) are the worth of the states; 0 after an end.

    The same operations in the same order as :func:`~agents.planning.sweeps.action_value`.
    """
    table = model.table
    following = np.zeros(table.reward.shape)
    for outcome in range(table.probability.shape[2]):
        share = table.probability[:, :, outcome] * values[table.next_state[:, :, outcome]]
        share[table.terminated[:, :, outcome]] = 0.0
        following += share
    following[table.over] = 0.0
    return following


def q_values(model: Model, values: NDArray[np.float64], gamma: float) -> NDArray[np.float64]:
    """(S, A): the worth of each action where ``values`` (S,) is the worth of what follows (equation 4.6)."""
    following = expectation(model, values)
    following *= gamma
    following += model.reward
    return following


def magnitudes(model: Model, sizes: NDArray[np.float64], gamma: float) -> NDArray[np.float64]:
    """(S, A): the size of the sums that an action's worth comes from, against which its rounding is measured.

    Local, not the largest of all states: on a wide lake the first steps are worth 1e-20, and matter all the same.
    """
    following = expectation(model, sizes)
    following *= gamma
    following += model.reward_size
    return following


def soft_best(q: NDArray[np.float64], epsilon: float) -> NDArray[np.float64]:
    """(S,): the best action with probability 1 - epsilon, any with probability epsilon (section 5.4)."""
    best: NDArray[np.float64] = q.max(axis=1)
    if epsilon > 0:
        total = np.zeros(len(q))
        for action in range(q.shape[1]):
            total += q[:, action]
        best = (1 - epsilon) * best + epsilon * (total / q.shape[1])
    return best


def lossless(
    model: Model, values: NDArray[np.float64], gamma: float, slack: float = TIE
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """(S, A): which actions are best, but for rounding, where ``values`` (S,) follow; and what each is worth."""
    q = q_values(model, values, gamma)
    largest = slack * magnitudes(model, np.abs(values), gamma).max(axis=1, keepdims=True)
    return q >= q.max(axis=1, keepdims=True) - largest, q


def first_best(model: Model, values: NDArray[np.float64], gamma: float) -> NDArray[np.int64]:
    """(S,): the first of the actions that are best, but for rounding."""
    return lossless(model, values, gamma)[0].argmax(axis=1)


def one_hot(policy: NDArray[np.integer[Any]], num_actions: int) -> NDArray[np.float64]:
    """(..., S) actions to (..., S, A) probabilities."""
    return (policy[..., None] == np.arange(num_actions)).astype(np.float64)


def soft(policy: NDArray[np.integer[Any]], num_actions: int, epsilon: float) -> NDArray[np.float64]:
    """(S, A) probabilities: the policy's action, but with probability epsilon a uniformly random one."""
    weights = one_hot(policy, num_actions)
    if epsilon > 0:
        weights *= 1 - epsilon
        weights += epsilon / num_actions
    return weights


def going_on(model: Model) -> Any:
    """(S * A, S) array or CSR array: the probability of going on in each state; a row misses 1 by that of ending."""
    table = model.table
    num_states, num_actions, most = table.probability.shape
    goes_on = np.where(table.terminated | table.over[:, None, None], 0.0, table.probability).ravel()
    rows = np.repeat(np.arange(num_states * num_actions), most)
    columns = table.next_state.ravel()
    shape = (num_states * num_actions, num_states)
    if num_states > DENSE_STATES:
        return scipy_sparse().csr_array((goes_on, (rows, columns)), shape=shape)
    matrix = np.zeros(shape)
    np.add.at(matrix, (rows, columns), goes_on)  # two outcomes may enter the same state
    return matrix


def under_policy(model: Model, weights: NDArray[np.float64]) -> Any:
    """(S, S) array or CSR array: the probability of going on in each state under a policy (S, A)."""
    num_states, num_actions = weights.shape
    matrix = going_on(model)
    if isinstance(matrix, np.ndarray):
        return np.einsum("sa,sat->st", weights, matrix.reshape(num_states, num_actions, num_states))
    rows = np.repeat(np.arange(num_states), num_actions)
    columns = np.arange(num_states * num_actions)
    return scipy_sparse().csr_array((weights.ravel(), (rows, columns))) @ matrix


def scipy_sparse() -> Any:
    """scipy.sparse with its solvers, loaded only for tables too large to be dense."""
    try:
        import scipy.sparse.csgraph
        import scipy.sparse.linalg
    except ImportError as missing:
        raise error.DependencyNotInstalled(
            f"planning with more than {DENSE_STATES} states needs SciPy, which is not installed: "
            'pip install "minigym[agents]"'
        ) from missing
    return scipy.sparse
