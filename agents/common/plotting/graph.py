"""An MDP as a graph: states as circles, actions as small nodes, and an arrow for every outcome."""

import math
from itertools import combinations
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch
from numpy.typing import ArrayLike, NDArray

from agents.common.plotting import style
from agents.common.plotting.style import Picture
from minigym import MDP, error

MOST_STATES = 12
_STATE, _ACTION = 0.30, 0.125  # radii, where the states stand about 2 apart
_REACH = 0.80  # of an action's node from its state's
_APART = math.radians(52)  # at least between two actions of a state
_TRIES = 90
_ROOM = 0.16  # to leave free around nodes and arrows
_BENDS = (0.1, -0.1, 0.2, -0.2, 0.3, -0.3, 0.42, -0.42)  # of arrows
_INNER = np.linspace(0.2, 0.86, 13)  # of an arrow, where it is neither at its action nor in its state
_ROUNDS = 3  # in which each arrow makes way for the others
_SWINGS = (0.9, -0.9, 1.2, -1.2)  # of those back to the action's own state, around the line between the two


class _Outcome(NamedTuple):
    """What one arrow tells."""

    target: int
    probability: float
    reward: float


class _Taken(NamedTuple):
    """A place where something stands, and the room around it that arrows should leave free."""

    place: NDArray[np.float64]
    room: float
    weight: float = 1.0


class _Edge(NamedTuple):
    """An arrow from an action to a state; its middle is pulled aside by ``bend`` of its length."""

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    bend: float

    def at(self, share: float) -> NDArray[np.float64]:
        """A point on the way: matplotlib's arc3 is a quadratic Bezier curve."""
        across = np.array([self.end[1] - self.start[1], self.start[0] - self.end[0]])
        middle = (self.start + self.end) / 2 + self.bend * across
        return (1 - share) ** 2 * self.start + 2 * share * (1 - share) * middle + share**2 * self.end

    def tip(self) -> NDArray[np.float64]:
        """Where it meets the circle of the state."""
        points = np.array([self.at(share) for share in np.linspace(0, 1, 65)])
        inside: NDArray[np.bool_] = np.linalg.norm(points - self.end, axis=1) <= _STATE
        return points[inside.argmax()]


def mdp_graph(mdp: MDP, policy: ArrayLike | None = None) -> Picture:
    """A small MDP as a graph.

    Args:
        mdp: the table, of at most 12 states.
        policy: (S,) an action for each state, whose arrows are then drawn strong; None for none.
    """
    if mdp.num_states > MOST_STATES:
        raise error.InvalidParameter(
            f"a graph can be read up to {MOST_STATES} states, and this MDP has {mdp.num_states}; for a lake write "
            'run.plot("policy")'
        )
    chosen = None if policy is None else _checked_policy(mdp, policy)

    def is_strong(state: int, action: int) -> bool:
        return chosen is None or bool(chosen[state] == action)

    figure = style.picture(7.2, 6.6)
    axes = figure.add_subplot()
    states = _on_a_circle(mdp.num_states)
    colours = [style.AGENTS[action % len(style.AGENTS)] for action in range(mdp.num_actions)]
    circles = [_draw_state(axes, mdp, state, place) for state, place in enumerate(states)]
    acting = np.flatnonzero(~mdp.terminal).tolist()
    nodes = {state: _actions_of(mdp, state, states) for state in acting}
    nodes_taken = [_Taken(place, _STATE + _ROOM) for place in states]
    nodes_taken += [_Taken(node, _ACTION + _ROOM) for own in nodes.values() for node in own]
    arrows = [
        (state, action, outcome)
        for state in acting
        for action in range(mdp.num_actions)
        for outcome in _outcomes(mdp, state, action)
    ]
    edges: dict[int, _Edge] = {}
    for index in list(range(len(arrows))) * _ROUNDS:
        state, action, outcome = arrows[index]
        others = [taken for other, edge in edges.items() if other != index for taken in _taken_by(edge)]
        edges[index] = _clearest(state, nodes[state][action], states, outcome, nodes_taken + others)
    labels = [place for own in nodes.values() for place in own]  # where no label may stand: now the nodes, then labels
    for state in acting:
        for action, node in enumerate(nodes[state]):
            _draw_action(axes, states[state], node, action, colours[action], is_strong(state, action))
    for index, (state, action, outcome) in enumerate(arrows):
        circle, strong = circles[outcome.target], is_strong(state, action)
        _draw_edge(axes, edges[index], outcome, circle, colours[action], strong, labels)
    axes.set_aspect("equal")
    axes.autoscale_view()
    axes.margins(0.06)
    axes.set_axis_off()
    paid = "in bold what it pays" if np.any((mdp.reward != 0) & (mdp.probability > 0)) else "nothing is ever paid"
    style.title(
        axes,
        f"{mdp.num_states} states, {mdp.num_actions} actions",
        f"circles: states; dots: actions; on each arrow its probability, {paid}",
    )
    return figure


def _checked_policy(mdp: MDP, policy: ArrayLike) -> NDArray[np.int64]:
    chosen = np.asarray(policy)
    if chosen.shape != (mdp.num_states,) or chosen.dtype.kind not in "iu":
        raise error.InvalidParameter(
            f"policy must be an action for each of the {mdp.num_states} states, integers of the shape "
            f"({mdp.num_states},), got an array {chosen.shape} of dtype {chosen.dtype}"
        )
    return chosen


def _on_a_circle(count: int) -> NDArray[np.float64]:
    """(count, 2): evenly spaced, the first on top, clockwise, neighbours 2.6 apart."""
    if count == 1:
        return np.zeros((1, 2))
    angles = np.pi / 2 - 2 * np.pi * np.arange(count) / count
    return 1.3 / math.sin(math.pi / count) * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _actions_of(mdp: MDP, state: int, states: NDArray[np.float64]) -> NDArray[np.float64]:
    """(A, 2): where the actions stand around their state, each towards where it leads, and apart from each other."""
    here = states[state]
    outward = here / (np.linalg.norm(here) or 1.0) if len(states) > 1 else np.array([0.0, 1.0])
    wishes = []
    for action in range(mdp.num_actions):
        direction = np.zeros(2)
        for probability, target, *_ in mdp.outcomes(state, action):
            away = states[target] - here
            length = np.linalg.norm(away)
            direction += probability * (away / length if length else 0.6 * outward)
        wishes.append(math.atan2(*(direction if np.linalg.norm(direction) > 1e-9 else outward)[::-1]))
    angles = np.array(wishes)
    apart = min(_APART, 2 * math.pi / mdp.num_actions)
    for _ in range(_TRIES):  # push neighbours away from each other until they are far enough
        moved = False
        for one, two in combinations(range(len(angles)), 2):
            gap = math.remainder(angles[two] - angles[one], 2 * math.pi)
            if abs(gap) < apart - 1e-6:
                push = (apart - abs(gap)) / 2 * (1 if gap >= 0 else -1)
                angles[one], angles[two], moved = angles[one] - push, angles[two] + push, True
        if not moved:
            break
    return here + _REACH * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _outcomes(mdp: MDP, state: int, action: int) -> list[_Outcome]:
    """What the action may lead to; ways to the same state that pay the same are one."""
    grouped: dict[tuple[int, float], float] = {}
    for probability, target, reward, _ in mdp.outcomes(state, action):
        if probability > 0:
            grouped[target, float(reward)] = grouped.get((target, float(reward)), 0.0) + probability
    return [_Outcome(target, probability, reward) for (target, reward), probability in grouped.items()]


def _clearest(
    state: int, node: NDArray[np.float64], states: NDArray[np.float64], outcome: _Outcome, taken: list[_Taken]
) -> _Edge:
    """The arrow of an outcome, bent to where it meets least of what is ``taken``."""
    end = states[outcome.target]
    avoided = [each for each in taken if each.place is not end and each.place is not node]
    places, rooms = np.array([each.place for each in avoided]), np.array([each.room for each in avoided])
    weights = np.array([each.weight for each in avoided])

    def cost(edge: _Edge) -> float:
        points = np.array([*(edge.at(share) for share in _INNER), edge.tip()])
        distances = np.linalg.norm(points[:, None] - places.reshape(-1, 2), axis=2)
        return float(0.4 * edge.bend**2 + (weights * np.maximum(1 - distances / rooms, 0) ** 2).sum())

    return min((_Edge(node, end, bend) for bend in (_SWINGS if outcome.target == state else _BENDS)), key=cost)


def _taken_by(edge: _Edge) -> list[_Taken]:
    """The room of an arrow; a head hides more of another than a line of a line."""
    along = [_Taken(edge.at(share), _ROOM) for share in _INNER]
    return [*along, _Taken(edge.tip(), 2 * _ROOM, weight=5.0)]


def _draw_state(axes: Axes, mdp: MDP, state: int, place: NDArray[np.float64]) -> Circle:
    over = bool(mdp.terminal[state])
    face = style.PALE if over else "#e3effa"
    circle = Circle(tuple(place), _STATE, facecolor=face, edgecolor=style.INK, linewidth=1.6, zorder=4)
    axes.add_patch(circle)
    if over:  # a double ring, as automata have it
        axes.add_patch(Circle(place, _STATE - 0.06, fill=False, edgecolor=style.INK, linewidth=1, zorder=5))
    axes.text(*place, str(state), ha="center", va="center", color=style.INK, fontsize=15, fontweight="bold", zorder=6)
    return circle


def _draw_action(
    axes: Axes, state: NDArray[np.float64], node: NDArray[np.float64], action: int, colour: str, strong: bool
) -> None:
    opacity = 1.0 if strong else 0.35
    axes.plot(*np.stack([state, node], axis=1), color=colour, linewidth=2.4, alpha=opacity, zorder=2)
    axes.add_patch(Circle(node, _ACTION, color=colour, linewidth=0, alpha=1.0, zorder=4))
    if not strong:
        axes.add_patch(Circle(node, _ACTION, color="white", linewidth=0, alpha=0.6, zorder=4.5))
    axes.text(*node, str(action), ha="center", va="center", color="white", fontsize=9, fontweight="bold", zorder=5)


def _draw_edge(
    axes: Axes,
    edge: _Edge,
    outcome: _Outcome,
    circle: Circle,
    colour: str,
    strong: bool,
    labels: list[NDArray[np.float64]],
) -> None:
    arrow = FancyArrowPatch(
        tuple(edge.start),
        tuple(edge.end),
        connectionstyle=f"arc3,rad={edge.bend}",
        arrowstyle="-|>,head_length=0.55,head_width=0.26",
        mutation_scale=15,
        linewidth=1.3,
        color=colour,
        alpha=1.0 if strong else 0.3,
        shrinkA=0,
        shrinkB=1,
        patchB=circle,
        zorder=3,
    )
    axes.add_patch(arrow)
    # Where on the arrow no other label stands: the freest of a few places.
    places = [edge.at(share) for share in (0.42, 0.34, 0.5, 0.27, 0.58)]
    place = max(places, key=lambda at: min((*(np.linalg.norm(at - other) for other in labels), 0.5)))
    labels.append(place)
    paid = f"  $\\bf{{{outcome.reward:+g}}}$" if outcome.reward else ""
    axes.text(
        *place,
        f"{outcome.probability:.3g}{paid}",
        ha="center",
        va="center",
        fontsize=9,
        color=style.INK if strong else style.GREY,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2, "alpha": 0.9},
        zorder=6,
    )
