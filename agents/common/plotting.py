"""The learning curve as a picture, drawn without pyplot: nothing global is touched, and no display is needed."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

if TYPE_CHECKING:
    from agents.common.run import Run

_INK, _GREY, _PALE = "#20303c", "#6b7780", "#e6eaed"
_SEED, _MEDIAN = "#8fbbe0", "#0b4f94"
_CLOCK, _STATIONARY, _THRESHOLD = "#38761d", "#b45f06", "#8a2b57"
_LONGEST_WINDOW = 50  # episodes; the window of many courses


def learning_curve(run: "Run") -> Figure:
    """Every seed thin, their median bold, and what there is to compare with.

    On a table the exact return of the greedy policy within the time limit, at checkpoints; elsewhere the returns of
    the training episodes, smoothed.
    """
    figure = Figure(figsize=(8, 4.8), dpi=150, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    if "exact_success" in run.learned.checkpoints:
        _draw_exact(axes, run)
    else:
        _draw_training(axes, run)
    if run.environment.reward_threshold is not None:
        threshold = run.environment.reward_threshold
        axes.axhline(threshold, color=_THRESHOLD, linewidth=1, linestyle=":", label=f"solved from {threshold:g}")
    seeds = f"{len(run.seeds)} seeds" if len(run.seeds) > 1 else f"seed {run.seeds[0]}"
    axes.set_title(f"{run.agent} on {run.environment.name}, {seeds}", loc="left", color=_INK, fontweight="bold")
    if np.isfinite(axes.dataLim.x1):  # there is a curve
        axes.set_xlim(0, axes.dataLim.x1)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_GREY)
    axes.tick_params(colors=_GREY)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(_INK)
    axes.grid(axis="y", color=_PALE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.legend(loc="lower right", fontsize="small", labelcolor=_INK, framealpha=0.9, edgecolor=_PALE)
    return figure


def _draw_exact(axes: Axes, run: "Run") -> None:
    unit = "episodes" if "episodes" in run.learned.checkpoints else "steps"
    x = run.learned.checkpoints[unit]
    _draw_curves(axes, [x] * len(run.seeds), list(run.exact_success))
    _draw_median(axes, x, np.median(run.exact_success, axis=0))
    if run.environment.mdp is not None:  # a run that was loaded without its callable has lost it
        for value, color, style, label in (
            (run.optimum.clock_aware, _CLOCK, "--", "best with a clock"),
            (run.optimum.stationary, _STATIONARY, "-.", "best stationary policy found"),
        ):
            axes.axhline(value, color=color, linewidth=1, linestyle=style, label=f"{label}: {value:.4f}")
    success = run.environment.return_is_success
    if success:
        axes.set_ylim(0, 1)
    limit = f"within {run.environment.horizon:,} steps"
    axes.set_ylabel(f"exact {'success' if success else 'return'} of the greedy policy\n{limit}")
    axes.set_xlabel(f"training {unit}")


def _draw_training(axes: Axes, run: "Run") -> None:
    window = max(1, min(_LONGEST_WINDOW, min(map(len, run.episode_returns)) // 10))
    curves = [
        (np.cumsum(lengths)[window - 1 :], _moving_mean(returns, window))
        for returns, lengths in zip(run.episode_returns, run.learned.episode_lengths, strict=True)
        if len(returns) >= window
    ]
    if curves:
        _draw_curves(axes, [x for x, _ in curves], [y for _, y in curves])
        # Episodes end at other steps in every seed: the median is taken on a common grid.
        grid = np.linspace(max(x[0] for x, _ in curves), min(x[-1] for x, _ in curves), 500)
        _draw_median(axes, grid, np.median([np.interp(grid, x, y) for x, y in curves], axis=0))
    episodes = f"mean of the last {window} episodes" if window > 1 else "every episode"
    axes.set_ylabel(f"return in training (while exploring)\n{episodes}")
    axes.set_xlabel("training steps")


def _moving_mean(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """(n,) to (n - window + 1,): the means of every ``window`` neighbours."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return (sums[window:] - sums[:-window]) / window


def _draw_curves(axes: Axes, xs: list[NDArray[np.int64]], ys: list[NDArray[np.float64]]) -> None:
    """Every seed, thin."""
    alpha = max(0.25, min(0.9, 10 / len(ys)))  # a hundred curves must still show where they are dense
    for index, (x, y) in enumerate(zip(xs, ys, strict=True)):
        axes.plot(x, y, color=_SEED, linewidth=0.8, alpha=alpha, label=None if index else "each seed")


def _draw_median(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    axes.plot(x, y, color=_MEDIAN, linewidth=2.2, label="median")
