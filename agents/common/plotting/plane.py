"""The policy of a pole in the plane of its angle and the angle's velocity."""

from contextlib import closing
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from agents.common import wording
from agents.common.environment import layers
from agents.common.plotting import style
from agents.common.plotting.style import Picture
from minigym import RewardWrapper, error
from minigym.dynamics.cart_pole import START_BOUNDS
from minigym.envs.cart_pole import CartPoleEnv
from minigym.wrappers import OrderEnforcing, PassiveEnvChecker, RecordEpisodeStatistics, TimeLimit, TransformObservation

if TYPE_CHECKING:
    from agents.common.run import Run

_PASSING_ON = OrderEnforcing, PassiveEnvChecker, RecordEpisodeStatistics, RewardWrapper, TimeLimit
_POINTS = 241  # along each axis
_BEYOND = 1.3  # times the limit: how far the angle goes
_FASTEST = 1.5  # rad/s
_LEFT, _RIGHT = "#6f9fd0", "#e58f58"
_SHARES = LinearSegmentedColormap.from_list("pushes", [_LEFT, "#f7f4ef", _RIGHT])


def plane(run: "Run", index: int | None = 0) -> Picture:
    """Which way the greedy policy pushes, by the pole's angle and its velocity, while the cart rests in the middle.

    Args:
        run: the run, on CartPole.
        index: of which seed; None for the share of all seeds that push to the right.
    """
    with closing(run.environment.make()) as env:
        limit, states, seen = _states(env, run)
    indices = range(len(run.seeds)) if index is None else [index]
    right = np.mean([np.asarray(run.policy(each)(seen)) for each in indices], axis=0).reshape(_POINTS, _POINTS)
    figure = style.picture(8, 5.2)
    axes = figure.add_subplot()
    angles, velocities = states[:, 2].reshape(right.shape)[0], states[:, 3].reshape(right.shape)[:, 0]
    axes.imshow(
        right,
        cmap=_SHARES,
        vmin=0,
        vmax=1,
        origin="lower",
        extent=(angles[0], angles[-1], velocities[0], velocities[-1]),
        aspect="auto",
        interpolation="bilinear",
    )
    for side in (-1, 1):
        axes.axvspan(side * limit, side * angles[-1], color="white", alpha=0.55, linewidth=0)
        axes.axvline(side * limit, color=style.INK, linewidth=1.2, linestyle="--")
    axes.annotate(
        f"falls beyond {np.degrees(limit):.3g}°",
        (limit, 0.985),
        (5, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        rotation=90,
        va="top",
        color=style.INK,
        fontsize="small",
    )
    low, high = START_BOUNDS
    start = Rectangle((low, low), high - low, high - low, fill=False, edgecolor=style.INK, linewidth=1.4)
    start.set_label("where episodes begin")
    axes.add_patch(start)
    axes.set_xlabel("angle of the pole, theta (rad); to the right of upright is positive")
    axes.set_ylabel("angular velocity, theta_dot (rad/s)")
    style.dress(axes, "")
    whose = wording.seeds(run.seeds) if index is None else f"seed {run.seeds[index]}"
    what = "the greedy action"
    handles: list[Any] = [start]
    if index is None:
        what = "how many seeds would push right"
        bar = figure.colorbar(ScalarMappable(Normalize(0, 1), _SHARES), ax=axes, pad=0.03, aspect=30)
        bar.set_label("share of the seeds that push right", color=style.INK)
        bar.ax.tick_params(colors=style.GREY)
        bar.outline.set_edgecolor(style.PALE)
    else:
        handles = [Patch(color=_LEFT, label="pushes left"), Patch(color=_RIGHT, label="pushes right"), start]
    style.title(
        axes,
        f"{run.agent} on {wording.world(run.environment)}, {whose}",
        f"the cart rests in the middle (x = 0, x_dot = 0); colour: {what}",
    )
    style.legend(axes, 3, handles)
    return figure


def _states(env: Any, run: "Run") -> tuple[float, NDArray[np.float32], NDArray[Any]]:
    """The limit of the angle, the states of the plane (points, 4), and what the policy sees of them."""
    pole = env.unwrapped
    if not isinstance(pole, CartPoleEnv):
        raise error.InvalidParameter(
            f"'plane' shows how CartPole's pole is balanced, which {run.environment.name} has not; "
            "write run.plot() for the learning curve"
        )
    outside = layers(env)[:-1]
    unknown = [type(layer).__name__ for layer in outside if not isinstance(layer, (*_PASSING_ON, TransformObservation))]
    if unknown:
        raise error.InvalidParameter(
            "'plane' needs a policy that sees the pole's state, as it is or through a TransformObservation, and "
            f"pushes the cart itself; but there is {', '.join(unknown)} around {run.environment.name}"
        )
    limit = float(pole.theta_threshold_radians)
    angle, velocity = np.meshgrid(
        np.linspace(-_BEYOND * limit, _BEYOND * limit, _POINTS), np.linspace(-_FASTEST, _FASTEST, _POINTS)
    )
    states = np.zeros((angle.size, 4), np.float32)
    states[:, 2], states[:, 3] = angle.ravel(), velocity.ravel()
    changing = [layer for layer in reversed(outside) if isinstance(layer, TransformObservation)]
    seen = states
    if changing:
        seen = np.array([reduce(lambda one, layer: layer.observation(one), changing, state) for state in states])
    return limit, states, seen
