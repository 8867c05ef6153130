"""A Markov decision process as an explicit table: every probability in view.

Sutton and Barto (2018), section 3.1: the dynamics p(s', r | s, a). Each pair (state, action) has up to K outcomes,
and an outcome is a probability, a next state, a reward and whether the episode ends there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.dynamics.world import Number, Numbers, Ops, World

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Outcome: TypeAlias = tuple[float, int, float, bool]  # probability, next state, reward, terminated
# What rows of floats may miss 1 by: 1/3 three times does not sum to 1 exactly.
_SUM_TOLERANCE = 1e-8
_DENSE_LIMIT = 2**28  # elements, 2 GiB of float64


@dataclass(frozen=True, eq=False, repr=False)
class MDP:
    """The table of S states, A actions and K outcomes each. Its arrays are read-only copies of what came.

    Args:
        probability: (S, A, K) float64; every row over K sums to 1.
        next_state: (S, A, K) integers in [0, S).
        reward: (S, A, K) float64, or int64 where all rewards came as integers.
        terminated: (S, A, K) bool, whether the episode ends with this outcome.
        initial: (S,) float64, where an episode starts; sums to 1.
        num_outcomes: (S, A) how many of the K outcomes are real, the rest being padding of probability 0;
            None for all of them.

    Raises:
        InvalidMDP: naming the state and action, if a row does not sum to 1, points outside the states, or
            holds NaN or a negative probability, or if the shapes do not fit.
    """

    probability: NDArray[np.float64]
    next_state: NDArray[np.int32]
    reward: NDArray[Any]
    terminated: NDArray[np.bool_]
    initial: NDArray[np.float64]
    num_outcomes: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        probability = _array("probability", self.probability, "fiu", np.float64)
        next_state = _array("next_state", self.next_state, "iu", np.int64)
        reward = _array("reward", self.reward, "fiu", None)
        terminated = _array("terminated", self.terminated, "b", np.bool_)
        initial = _array("initial", self.initial, "fiu", np.float64)
        _check_shapes(probability, next_state, reward, terminated, initial)
        _check_rows(probability, next_state, reward)
        _check_initial(initial)
        num_states, num_actions, most = probability.shape
        counts = self.num_outcomes
        if counts is None:
            counts = np.full((num_states, num_actions), most)
        counts = _array("num_outcomes", counts, "iu", np.int32)
        _check_counts(counts, probability)
        for name, array in (
            ("probability", probability),
            ("next_state", next_state.astype(np.int32)),
            ("reward", reward.astype(np.int64 if reward.dtype.kind in "iu" else np.float64)),
            ("terminated", terminated),
            ("initial", initial),
            ("num_outcomes", counts),
        ):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @classmethod
    def from_P(
        cls,
        P: Mapping[int, Mapping[int, Sequence[Outcome]]] | Sequence[Sequence[Sequence[Outcome]]],
        initial: Sequence[float] | NDArray[np.float64] | None = None,
    ) -> "MDP":
        """The MDP written as Gym writes it: ``P[state][action]`` is a list of outcomes.

        Args:
            P: dicts or lists, ``P[s][a] = [(probability, next_state, reward, terminated), ...]``; the states are
                0 .. S-1 and each has the same actions 0 .. A-1.
            initial: (S,) where an episode starts; None for always state 0.
        """
        num_states = len(P)
        rows = [_row(P, state, num_states) for state in range(num_states)]
        if not rows or not rows[0]:
            raise error.InvalidMDP(f"an MDP needs at least one state and one action, got P with {num_states} states")
        num_actions = len(rows[0])
        for state, row in enumerate(rows):
            if len(row) != num_actions:
                raise error.InvalidMDP(
                    f"every state must have the same actions: state 0 has {num_actions}, state {state} has {len(row)}"
                )
            for action, outcomes in enumerate(row):
                if not _is_row(outcomes):
                    raise error.InvalidMDP(
                        f"P[{state}][{action}] must be a non-empty list of (probability, next_state, reward, "
                        f"terminated), got {outcomes!r}"
                    )
        most = max((len(outcomes) for row in rows for outcomes in row), default=0)

        def column(index: int) -> list[list[list[Any]]]:
            return [[[o[index] for o in _padded(outcomes, most)] for outcomes in row] for row in rows]

        return cls(
            probability=np.array(column(0)),
            next_state=np.array(column(1)),
            reward=np.array(column(2)),
            terminated=np.array(column(3)),
            initial=np.eye(1, num_states)[0] if initial is None else np.array(initial),
            num_outcomes=np.array([[len(outcomes) for outcomes in row] for row in rows]),
        )

    @property
    def num_states(self) -> int:
        """S."""
        return len(self.initial)

    @property
    def num_actions(self) -> int:
        """A."""
        return int(self.probability.shape[1])

    @cached_property
    def P(self) -> dict[int, dict[int, list[Outcome]]]:
        """The table as Gym shows it: ``P[state][action] = [(probability, next_state, reward, terminated), ...]``.

        A view in Python's own types, built once: changing it does not change the MDP (build another with
        :meth:`from_P`).
        """
        return {
            state: {action: self.outcomes(state, action) for action in range(self.num_actions)}
            for state in range(self.num_states)
        }

    def outcomes(self, state: int, action: int) -> list[Outcome]:
        """One row of ``P`` as a new list, without building the rest."""
        assert self.num_outcomes is not None  # set in __post_init__
        real = slice(self.num_outcomes[state, action])
        return list(
            zip(
                self.probability[state, action, real].tolist(),
                self.next_state[state, action, real].tolist(),
                self.reward[state, action, real].tolist(),
                self.terminated[state, action, real].tolist(),
                strict=True,
            )
        )

    @cached_property
    def cumulative(self) -> NDArray[np.float64]:
        """(S, A, K) float64, the running sums of ``probability`` over the outcomes.

        A uniform number u draws the first outcome whose running sum exceeds u; where rounding leaves none, the
        first outcome, as in the reference.
        """
        cumulative: NDArray[np.float64] = np.cumsum(self.probability, axis=2)
        cumulative.setflags(write=False)
        return cumulative

    @cached_property
    def terminal(self) -> NDArray[np.bool_]:
        """(S,) bool, the states in which an episode is over.

        Those that some possible outcome enters with ``terminated``, while no outcome enters them from elsewhere
        without it and no episode starts there.
        """
        possible = self.probability > 0
        source = np.broadcast_to(np.arange(self.num_states)[:, None, None], possible.shape)
        entered_ending = np.zeros(self.num_states, dtype=np.bool_)
        entered_ending[self.next_state[possible & self.terminated]] = True
        entered_going_on = np.zeros(self.num_states, dtype=np.bool_)
        entered_going_on[self.next_state[possible & ~self.terminated & (self.next_state != source)]] = True
        terminal: NDArray[np.bool_] = entered_ending & ~entered_going_on & (self.initial == 0)
        terminal.setflags(write=False)
        return terminal

    def transition_matrix(self) -> NDArray[np.float64]:
        """(S, A, S) float64: the probability of each next state; terminal states absorb (they stay where they are)."""
        size = self.num_states**2 * self.num_actions
        if size > _DENSE_LIMIT:
            raise MemoryError(
                f"a dense transition matrix of {self.num_states:,} states would hold {size:,} numbers; use mdp.sparse()"
            )
        shape = (self.num_states, self.num_actions, self.num_states)
        rows, columns, values = self._entries()
        flat: NDArray[np.float64] = np.bincount(
            rows * self.num_states + columns, weights=values, minlength=size
        ).astype(np.float64, copy=False)
        return flat.reshape(shape)

    def sparse(self) -> "csr_array":
        """The transition matrix as a SciPy CSR array (S * A, S): row ``state * A + action``."""
        try:
            from scipy.sparse import csr_array
        except ImportError as missing:
            raise error.DependencyNotInstalled(
                'MDP.sparse() needs SciPy, which is not installed: pip install "minigym[agents]"'
            ) from missing
        rows, columns, values = self._entries()
        shape = (self.num_states * self.num_actions, self.num_states)
        matrix = csr_array((values, (rows, columns)), shape=shape)
        matrix.eliminate_zeros()
        return matrix

    def _entries(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Row, column and value of every outcome in the (S * A, S) matrix, with terminal states absorbing."""
        num_rows = self.num_states * self.num_actions
        most = self.probability.shape[2]
        rows = np.repeat(np.arange(num_rows), most)
        own_state = rows // self.num_actions
        columns = np.where(self.terminal[own_state], own_state, self.next_state.ravel())
        return rows, columns, self.probability.ravel()

    @cached_property
    def tables(self) -> "Tables":
        """What :func:`draw_start` and :func:`draw_outcome` read."""
        starts = np.flatnonzero(self.initial)
        # States of probability 0 change no running sum, so leaving them out draws the same state.
        arrays = (
            starts,
            np.cumsum(self.initial[starts]),
            self.cumulative,
            self.next_state,
            self.reward.astype(np.float64, copy=False),
            self.terminated,
            self.probability,
        )
        flat: list[Any] = [array.reshape(-1) for array in arrays]
        for array in flat:
            array.setflags(write=False)
        return Tables._make([*flat, self.num_actions, self.probability.shape[2]])

    @property
    def world(self) -> World:
        """The table as functions, for the batch engines."""
        return World(
            start=_start,
            transition=_transition,
            params=self.tables,
            state_size=2,
            start_draws=1,
            step_draws=1,
            infos={"prob": 1},  # of a reset, as in the reference
            is_discrete=True,
            has_tables=True,
        )

    def __repr__(self) -> str:
        states, actions, most = self.probability.shape
        return f"MDP({states} states, {actions} actions, at most {most} outcomes)"

    # Nothing in an MDP can change, so a copy is itself; environments that are copied share their table.
    def __copy__(self) -> "MDP":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "MDP":
        return self

    def __reduce__(self) -> tuple[Any, ...]:  # pickling forgets that arrays are read-only: build anew
        arrays = (self.probability, self.next_state, self.reward, self.terminated, self.initial, self.num_outcomes)
        return MDP, arrays


class Tables(NamedTuple):
    """What a step reads: the arrays of an MDP as a compiled function takes them, row after row.

    The outcome k of action a in state s stands at ``(s * num_actions + a) * num_outcomes + k``: one index for all of
    them costs less than three for each.
    """

    starts: NDArray[np.int64]  # the states in which an episode can start
    start_sums: NDArray[np.float64]  # the running sums of their probabilities
    cumulative: NDArray[np.float64]  # (S * A * K,) running sums
    next_state: NDArray[np.int32]  # (S * A * K,)
    reward: NDArray[np.float64]  # (S * A * K,)
    terminated: NDArray[np.bool_]  # (S * A * K,)
    probability: NDArray[np.float64]  # (S * A * K,)
    num_actions: int  # A
    num_outcomes: int  # K


def draw_start(uniform: Number, tables: Tables, ops: Ops) -> Number:
    """The state in which an episode starts, drawn by one number in [0, 1)."""
    drawn = ops.search(tables.start_sums, uniform)
    # Where rounding left the last sum at or below the number drawn, the reference says state 0.
    none_left = drawn == len(tables.starts)
    return ops.where(none_left, 0, tables.starts[ops.where(none_left, 0, drawn)])


def draw_outcome(state: Number, action: Number, uniform: Number, tables: Tables, ops: Ops) -> tuple[Number, Number]:
    """The outcome of a step, drawn by one number in [0, 1): its number, and its place in the arrays.

    It is the first whose running sum exceeds the number drawn, and so its number is how many do not. (To count serves
    arrays as well as numbers, and leaves the processor no branch to guess.)
    """
    row = (state * tables.num_actions + action) * tables.num_outcomes
    outcome = 0 * row  # a zero for each lane
    for candidate in range(tables.num_outcomes):
        outcome = outcome + (tables.cumulative[row + candidate] <= uniform)
    # Where rounding left none, the reference says the first.
    outcome = ops.where(outcome == tables.num_outcomes, 0, outcome)
    return outcome, row + outcome


# For the batch engines. The second number of the state is the outcome drawn, which a picture of the lake shows.


def _start(uniforms: Numbers, low: float, high: float, tables: Tables, ops: Ops) -> Numbers:
    state = draw_start(uniforms[0], tables, ops)
    return state, 0 * state


def _transition(
    state: Numbers, action: Number, values: Numbers, uniforms: Numbers, tables: Tables, ops: Ops
) -> tuple[Numbers, Number, Any, Numbers]:
    outcome, place = draw_outcome(state[0], action, uniforms[0], tables, ops)
    next_state = (tables.next_state[place], outcome)
    return next_state, tables.reward[place], tables.terminated[place], (tables.probability[place],)


def _row(P: Any, state: int, num_states: int) -> list[Sequence[Outcome]]:
    """``P[state]`` as a list over its actions 0 .. A-1."""
    try:
        row = P[state]
        if not isinstance(row, (Mapping, Sequence)) or isinstance(row, str):
            raise error.InvalidMDP(f"P[{state}] must be a dict or a list with an entry for each action, got {row!r}")
        return [row[action] for action in range(len(row))]
    except (KeyError, IndexError) as missing:
        raise error.InvalidMDP(
            f"states must be numbered 0 .. {num_states - 1} and actions from 0: no key {missing} at state {state}"
        ) from None


def _is_row(outcomes: Any) -> bool:
    """Whether it is a non-empty list of tuples of four."""
    if not isinstance(outcomes, (list, tuple)) or not outcomes:
        return False
    return all(isinstance(outcome, (list, tuple)) and len(outcome) == 4 for outcome in outcomes)


def _padded(outcomes: Sequence[Outcome], most: int) -> list[Outcome]:
    """``outcomes`` filled up to ``most`` with impossible repetitions of the last."""
    _, *rest = outcomes[-1]
    return [*outcomes, *[(0.0, *rest)] * (most - len(outcomes))]  # type: ignore[list-item]


def _array(name: str, value: Any, kinds: str, dtype: Any) -> NDArray[Any]:
    """A fresh array of the right kind, or InvalidMDP."""
    try:
        array = np.array(value)
    except ValueError:
        raise error.InvalidMDP(f"{name} must be an array with rows of equal length") from None
    if array.dtype.kind not in kinds:
        expected = {"fiu": "numbers", "iu": "integers", "b": "bools"}[kinds]
        raise error.InvalidMDP(f"{name} must hold {expected}, got an array of dtype {array.dtype}")
    return array if dtype is None else array.astype(dtype, copy=False)


def _check_shapes(
    probability: NDArray[Any],
    next_state: NDArray[Any],
    reward: NDArray[Any],
    terminated: NDArray[Any],
    initial: NDArray[Any],
) -> None:
    if probability.ndim != 3 or 0 in probability.shape:
        raise error.InvalidMDP(
            f"probability must have the shape (states, actions, outcomes), none of them 0; got {probability.shape}"
        )
    for name, array in (("next_state", next_state), ("reward", reward), ("terminated", terminated)):
        if array.shape != probability.shape:
            raise error.InvalidMDP(f"{name} must have probability's shape {probability.shape}, got {array.shape}")
    if initial.shape != probability.shape[:1]:
        raise error.InvalidMDP(f"initial must have one entry a state, ({len(probability)},), got {initial.shape}")


def _check_rows(probability: NDArray[Any], next_state: NDArray[Any], reward: NDArray[Any]) -> None:
    num_states = len(probability)
    for wrong, values, rule in (
        (~(probability >= 0), probability, "has a probability that is negative or NaN"),
        ((next_state < 0) | (next_state >= num_states), next_state, f"leads outside the states 0 .. {num_states - 1}"),
        (~np.isfinite(reward), reward, "has a reward that is not finite"),
    ):
        if wrong.any():
            state, action, outcome = (int(index) for index in np.argwhere(wrong)[0])
            raise error.InvalidMDP(
                f"state {state}, action {action}: outcome {outcome} {rule}: {values[state, action, outcome]}"
            )
    sums = probability.sum(axis=2)
    wrong = ~(np.abs(sums - 1) <= _SUM_TOLERANCE)
    if wrong.any():
        state, action = (int(index) for index in np.argwhere(wrong)[0])
        raise error.InvalidMDP(
            f"state {state}, action {action}: the probabilities must sum to 1, got "
            f"{' + '.join(str(p) for p in probability[state, action])} = {sums[state, action]}"
        )


def _check_initial(initial: NDArray[np.float64]) -> None:
    wrong = ~(initial >= 0)
    if wrong.any():
        state = int(np.argmax(wrong))
        raise error.InvalidMDP(f"initial: state {state} has a probability that is negative or NaN: {initial[state]}")
    if not abs(initial.sum() - 1) <= _SUM_TOLERANCE:
        raise error.InvalidMDP(f"initial: the probabilities of all states must sum to 1, got {initial.sum()}")


def _check_counts(counts: NDArray[np.int32], probability: NDArray[np.float64]) -> None:
    num_states, num_actions, most = probability.shape
    if counts.shape != (num_states, num_actions):
        raise error.InvalidMDP(f"num_outcomes must have the shape {(num_states, num_actions)}, got {counts.shape}")
    hidden = np.where(np.arange(most) >= counts[:, :, None], probability, 0).sum(axis=2) > 0
    wrong = (counts < 1) | (counts > most) | hidden
    if wrong.any():
        state, action = (int(index) for index in np.argwhere(wrong)[0])
        raise error.InvalidMDP(
            f"state {state}, action {action}: num_outcomes is {counts[state, action]}; expected 1 .. {most}, "
            "with probability 0 in every outcome after them"
        )
