"""Any MDP as an environment that can be played."""

from bisect import bisect_right
from typing import Any, SupportsFloat, TypeAlias

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.dynamics.mdp import MDP
from minigym.dynamics.world import World
from minigym.envs.rendered import RenderedEnv
from minigym.spaces import Discrete

# An action's outcomes in a state: running sum, number of the outcome, next state, reward, terminated, probability.
_Row: TypeAlias = list[tuple[float, int, int, float, bool, float]]


class TabularEnv(RenderedEnv[Any, Any]):
    """An environment that follows an explicit table.

    Actions: ``Discrete(A)``.
    Observation: ``Discrete(S)``, the state, a Python int.
    Start: drawn from ``mdp.initial``.
    Reward: as the table says.
    End: as the table says. A step after the end follows the table on, which lets terminal states stay put.
    Info: ``{"prob": p}``, the probability that the table gave the outcome drawn; after a reset always 1, as in the
    reference.
    Arguments: ``mdp``, an :class:`minigym.MDP`; ``render_mode``, None or "ansi" (a line of text).
    Source: Sutton and Barto (2018), section 3.1, the dynamics p(s', r | s, a).
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 4}  # noqa: RUF012  # a class attribute, as in Gymnasium

    def __init__(self, mdp: MDP, render_mode: str | None = None) -> None:
        if not isinstance(mdp, MDP):
            raise error.InvalidMDP(
                f"expected a minigym.MDP, got {type(mdp).__name__}; a table in Gym's form becomes one with "
                "minigym.MDP.from_P(P)"
            )
        self.render_mode = self._checked_render_mode(render_mode)
        self._mdp = mdp
        self.action_space = self._actions = Discrete(mdp.num_actions)
        self.observation_space = Discrete(mdp.num_states)
        self.s: int | None = None  # the state; may be set from outside
        self.lastaction: int | None = None
        self._last_outcome = 0  # which of the K outcomes the last step drew
        self._num_actions = mdp.num_actions
        # Rows are turned into Python objects when first visited: fast to read, and a million-state table is not
        # unpacked for the few states that an episode sees.
        self._rows: dict[int, list[_Row]] = {}
        self._starts: list[int] = mdp.tables.starts.tolist()
        self._start_sums: list[float] = mdp.tables.start_sums.tolist()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        if seed is not None:  # asked here as well: an episode of random play has eight steps, and a call costs
            super().reset(seed=seed)
        # One number is drawn even where there is only one start, as in the reference.
        drawn = bisect_right(self._start_sums, (self._np_random or self.np_random).random())
        state = self._starts[drawn] if drawn < len(self._starts) else 0  # rounding left none: the reference says 0
        self.s, self.lastaction, self._last_outcome = state, None, 0
        if self.render_mode == "human":
            self.render()
        return state, {"prob": 1}

    def step(self, action: Any) -> tuple[int, SupportsFloat, bool, bool, dict[str, Any]]:
        if type(action) is not int or not 0 <= action < self._num_actions:  # spares the common case a call
            action = self._actions.checked(action)
        try:
            row = self._rows[self.s][action]  # type: ignore[index]  # None is no key: see _visit
        except KeyError:
            row = self._visit()[action]
        # One number is drawn even where nothing is left to chance, as in the reference.
        uniform = (self._np_random or self.np_random).random()
        for outcome in row:
            if uniform < outcome[0]:
                break
        else:  # rounding left the last running sum at or below the number drawn: the reference says the first
            outcome = row[0]
        _, self._last_outcome, self.s, reward, terminated, probability = outcome
        self.lastaction = action
        if self.render_mode and self.render_mode == "human":  # None is told apart more quickly than compared
            self.render()
        return self.s, reward, terminated, False, {"prob": probability}

    def _visit(self) -> list[_Row]:
        """The rows of the present state, one an action."""
        if self.s is None:
            raise error.ResetNeeded("step() needs a state: call reset() first")
        if self.s not in range(self.mdp.num_states) or isinstance(self.s, float):
            raise error.InvalidParameter(f"the state s was set to {self.s!r}; expected 0 .. {self.mdp.num_states - 1}")
        self._rows[self.s] = rows = [
            [
                (running_sum, index, next_state, reward, terminated, probability)
                for index, (running_sum, (probability, next_state, reward, terminated)) in enumerate(
                    zip(self.mdp.cumulative[self.s, action].tolist(), self.mdp.outcomes(self.s, action), strict=False)
                )
            ]
            for action in range(self._num_actions)
        ]
        return rows

    @property
    def mdp(self) -> MDP:
        """The table. It is the environment's for good: for another table make another environment."""
        return self._mdp

    @property
    def world(self) -> World:
        """The table as functions, for the batch engines."""
        return self._mdp.world

    @property
    def P(self) -> dict[int, dict[int, list[tuple[float, int, float, bool]]]]:
        """The table as Gym shows it, ``P[s][a] = [(probability, next_state, reward, terminated), ...]``."""
        return self.mdp.P

    @property
    def initial_state_distrib(self) -> NDArray[np.float64]:
        """(S,) float64, where an episode starts."""
        return self.mdp.initial

    def _show(self, state: tuple[Any, ...], last_action: int | None) -> None:
        (self.s, self._last_outcome), self.lastaction = state, last_action

    def _text(self) -> str | None:
        from minigym.render import tabular_text

        return None if self.s is None else tabular_text(self.mdp.num_states, self.s, self.lastaction)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.mdp!r}>"
