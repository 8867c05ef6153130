"""Curves over training: every seed and their median, exploring against greedy, and agents side by side."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from agents.common import statistics, wording
from agents.common.evaluation import SELECT_EPISODES, random_play
from agents.common.plotting import style
from agents.common.plotting.style import Picture
from agents.common.scoring import moving_mean
from agents.common.scoring import scores as scores_of
from minigym import error

if TYPE_CHECKING:
    from agents.common.run import Run

LONGEST_WINDOW = 50  # episodes; the window of many courses
_GRID = 200  # points at which curves of unequal episodes are compared
_REPETITIONS = 1_000  # of the bootstrap at each point of a curve
_DOT_A_SEED = "one dot a seed; median (line), 5th percentile (triangle)"
_DOTS = 0.32  # half the height that the dots of an agent take


def learning_curve(run: "Run") -> Picture:
    """Every seed thin, their median bold with its 95 % interval, and what there is to compare with.

    On a table the exact return of the greedy policy within the time limit, at checkpoints; elsewhere the returns of
    the training episodes, smoothed.
    """
    figure = style.picture(8, 4.8)
    axes = figure.add_subplot()
    _draw_curve(axes, run)
    style.title(axes, f"{run.agent} on {wording.world(run.environment)}, {wording.seeds(run.seeds)}")
    _finish(axes, run)
    return figure


def exploration(run: "Run") -> Picture:
    """What the agent earns while it explores beside what its greedy policy would earn at that time: medians.

    The exploring policy's worth is exact where the run recorded it ("exploring_success"); otherwise it is estimated
    by the moving average of the training episodes.
    """
    if "exact_success" not in run.learned.checkpoints:
        raise error.InvalidParameter(
            f"exploring against greedy needs exact figures of the greedy policy, which {run.agent} on "
            f"{run.environment.name} did not record; write run.plot() for the returns while exploring"
        )
    figure = style.picture(8, 4.8)
    axes = figure.add_subplot()
    unit, x = _checkpoints(run)
    _draw_median(axes, x, run.exact_success, style.MEDIAN, "greedy policy, exact")
    if "exploring_success" in run.learned.checkpoints:
        exploring = run.learned.checkpoints["exploring_success"]
        _draw_median(axes, x, exploring, style.EXPLORING, "exploring policy, exact")
    window = _window(run)
    grid, curves = _on_grid(run, window, unit)
    if len(curves):
        label = f"training episodes, mean of {window}" + (" and of all seeds" if len(curves) > 1 else "")
        axes.plot(grid, np.mean(curves, axis=0), color=style.EXPLORING, linewidth=0.9, alpha=0.6, label=label)
    _draw_optima(axes, run)
    _label_exact(axes, run, unit, "")
    style.title(
        axes,
        f"Exploring and greedy: {run.agent} on {wording.world(run.environment)}, {wording.seeds(run.seeds)}",
        _median_and_interval(len(run.seeds)),
    )
    _finish(axes, run)
    return figure


def scores(run: "Run") -> Picture:
    """How the last policies of all seeds are distributed."""
    figure = style.picture(8, 3.2)
    axes = figure.add_subplot()
    _draw_scores(axes, {run.agent: [run]})
    style.title(axes, f"{run.agent} on {wording.world(run.environment)}, {wording.seeds(run.seeds)}", _DOT_A_SEED)
    if axes.get_legend_handles_labels()[0]:
        style.legend(axes, 3)
    return figure


def comparison(runs: Mapping[str, Sequence["Run"]]) -> Picture:
    """The median learning curves of several agents with their intervals, and how the last scores are distributed.

    Args:
        runs: of each agent its runs, one for each environment; curves are drawn where there is one environment.
    """
    first = next(iter(runs.values()))[0]
    one_world = all(len(own) == 1 for own in runs.values())
    height = max(3.2, 1.6 + 0.55 * len(runs))
    figure = style.picture(11, max(4.6, height)) if one_world else style.picture(8, height)
    last = figure.add_subplot(1, 2, 2) if one_world else figure.add_subplot()
    _draw_scores(last, runs)
    if not one_world:
        style.title(last, f"{len(first.environment.name)} environments")
        return figure
    axes = figure.add_subplot(1, 2, 1)
    single = {name: own[0] for name, own in runs.items()}
    exact = all("exact_success" in run.learned.checkpoints for run in single.values())
    greedy = all(map(_has_greedy_curve, single.values()))
    units = {_checkpoints(run)[0] for run in single.values()} if exact else {"steps"}
    unit = units.pop() if len(units) == 1 else "steps"
    for index, (name, run) in enumerate(single.items()):
        color = style.AGENTS[index % len(style.AGENTS)]
        if exact:
            _, x = _checkpoints(run, unit)
            _draw_median(axes, x, run.exact_success, color, name)
        elif greedy:
            checkpoints = run.learned.checkpoints
            _draw_median(axes, checkpoints["steps"], checkpoints["greedy_return"], color, name)
        else:
            grid, curves = _on_grid(run, _window(run), unit)
            if len(curves):
                _draw_median(axes, grid, curves, color, name)
    if exact:
        _draw_optima(axes, first, named=False)
        _label_exact(axes, first, unit, "of the greedy policy")
    elif greedy:
        _label_greedy(axes)
    else:
        _label_training(axes, _window(first))
    most = max(len(run.seeds) for run in single.values())
    style.title(axes, f"Learning on {wording.world(first.environment)}", _median_and_interval(most))
    style.title(last, "Last policies", _DOT_A_SEED)
    _finish(axes, first, 3)
    axes.xaxis.set_major_locator(MaxNLocator(5))  # half a picture has no room for more
    return figure


def _draw_curve(axes: Axes, run: "Run") -> None:
    if "exact_success" in run.learned.checkpoints:
        unit, x = _checkpoints(run)
        _draw_seeds(axes, [x] * len(run.seeds), list(run.exact_success))
        _draw_median(axes, x, run.exact_success, style.MEDIAN, "median")
        _draw_optima(axes, run)
        _label_exact(axes, run, unit, "of the greedy policy")
        return
    if _has_greedy_curve(run):
        x, curves = run.learned.checkpoints["steps"], run.learned.checkpoints["greedy_return"]
        _draw_seeds(axes, [x] * len(run.seeds), list(curves))
        _draw_median(axes, x, curves, style.MEDIAN, "median")
        _label_greedy(axes)
        return
    window = _window(run)
    curves = [_smoothed(run, index, window, "steps") for index in range(len(run.seeds))]
    curves = [(x, y) for x, y in curves if len(x)]
    if curves:
        _draw_seeds(axes, [x for x, _ in curves], [y for _, y in curves])
        _draw_median(axes, *_on_grid(run, window, "steps"), style.MEDIAN, "median")
    _label_training(axes, window)


def _has_greedy_curve(run: "Run") -> bool:
    """Whether a network's greedy returns were recorded, and there is a line to draw."""
    return np.size(run.learned.checkpoints.get("greedy_return", [])) > len(run.seeds)


def _checkpoints(run: "Run", unit: str | None = None) -> tuple[str, NDArray[np.float64]]:
    """What checkpoints are counted in, and where they lie; in "steps", where they lie in the mean of all seeds."""
    recorded = run.learned.checkpoints
    own = "episodes" if "episodes" in recorded else "steps"
    if unit in (None, own):
        return own, recorded[own]
    taken = [np.concatenate([[0], np.cumsum(lengths)])[recorded[own]] for lengths in run.learned.episode_lengths]
    return "steps", np.mean(taken, axis=0)


def _window(run: "Run") -> int:
    return max(1, min(LONGEST_WINDOW, min(map(len, run.episode_returns)) // 10))


def _smoothed(run: "Run", index: int, window: int, unit: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A seed's training returns, the mean of every ``window`` episodes, where the last of them ended."""
    means = moving_mean(run.episode_returns[index], window)
    ends = np.cumsum(run.learned.episode_lengths[index]) if unit == "steps" else np.arange(1, len(means) + window)
    return ends[window - 1 :], means


def _on_grid(run: "Run", window: int, unit: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The smoothed returns of all seeds at common places: (points,), (seeds, points); empty where there are none."""
    curves = [_smoothed(run, index, window, unit) for index in range(len(run.seeds))]
    curves = [(x, y) for x, y in curves if len(x)]
    if not curves:
        return np.empty(0), np.empty((0, 0))
    grid = np.linspace(max(x[0] for x, _ in curves), min(x[-1] for x, _ in curves), _GRID)
    return grid, np.array([np.interp(grid, x, y) for x, y in curves])


def _draw_seeds(axes: Axes, xs: Sequence[NDArray[np.float64]], ys: Sequence[NDArray[np.float64]]) -> None:
    """Every seed, thin."""
    alpha = max(0.25, min(0.9, 10 / len(ys)))  # a hundred curves must still show where they are dense
    for index, (x, y) in enumerate(zip(xs, ys, strict=True)):
        axes.plot(x, y, color=style.SEED, linewidth=0.8, alpha=alpha, label=None if index else "each seed")


def _draw_median(axes: Axes, x: NDArray[np.float64], curves: NDArray[np.float64], color: str, label: str) -> None:
    """The median of the curves (seeds, points), and its interval where there are several seeds."""
    axes.plot(x, np.median(curves, axis=0), color=color, linewidth=2.2, label=label)
    if len(curves) > 1:
        drawn = [statistics.bootstrap(column, "median", repetitions=_REPETITIONS) for column in curves.T]
        low, high = [each.low for each in drawn], [each.high for each in drawn]
        named = "its 95 % interval" if label == "median" else None
        axes.fill_between(x, low, high, color=color, alpha=0.22, linewidth=0, label=named, zorder=2.5)


class _Line(NamedTuple):
    """A return to compare with."""

    value: float
    color: str
    style: str
    label: str


def _comparable(run: "Run") -> list[_Line]:
    """What is possible, and what needs no learning."""
    if run.environment.mdp is None:  # a run that was loaded without its callable has lost it
        return []
    return [
        _Line(run.optimum.clock_aware, style.CLOCK, "--", "best with a clock"),
        _Line(run.optimum.stationary, style.STATIONARY, "-.", "best stationary policy found"),
        _Line(random_play(run.environment), style.RANDOM, ":", "random play"),
    ]


def _draw_optima(axes: Axes, run: "Run", named: bool = True) -> None:
    for value, color, line, label in _comparable(run):
        axes.axhline(value, color=color, linewidth=1, linestyle=line, label=f"{label}: {value:.4f}" if named else label)


def _draw_threshold(draw: Callable[..., object], run: "Run") -> None:
    threshold = run.environment.reward_threshold
    if threshold is not None:
        draw(threshold, color=style.THRESHOLD, linewidth=1, linestyle=(0, (1, 1)), label=f"solved from {threshold:g}")


def _label_exact(axes: Axes, run: "Run", unit: str, of_what: str) -> None:
    success = run.environment.return_is_success
    if success:
        axes.set_ylim(0, 1)
    what = f"exact {wording.quantity(run.environment)} {of_what}".rstrip()
    axes.set_ylabel(f"{what}\nwithin {run.environment.horizon:,} steps")
    axes.set_xlabel(f"training {unit}")


def _label_greedy(axes: Axes) -> None:
    axes.set_ylabel(f"return of the greedy policy\nmean of {SELECT_EPISODES} episodes")
    axes.set_xlabel("training steps")


def _label_training(axes: Axes, window: int) -> None:
    episodes = f"mean of the last {window} episodes" if window > 1 else "every episode"
    axes.set_ylabel(f"return in training (while exploring)\n{episodes}")
    axes.set_xlabel("training steps")


def _draw_scores(axes: Axes, runs: Mapping[str, Sequence["Run"]]) -> None:
    """A row of dots for each agent: equal scores pile up instead of hiding one another."""
    first = next(iter(runs.values()))[0]
    labels = []
    for row, (name, own) in enumerate(runs.items()):
        pooled = np.concatenate([scores_of(run) for run in own])
        color = style.AGENTS[row % len(style.AGENTS)]
        axes.scatter(pooled, row + _piled(pooled), s=13, color=color, alpha=0.45, linewidth=0, zorder=3)
        axes.scatter(np.median(pooled), row, s=520, marker="|", color=style.INK, linewidth=1.6, zorder=4)
        axes.scatter(statistics.percentile_5(pooled), row + 0.42, s=36, marker="^", color=color, linewidth=0, zorder=4)
        solved = [run.solved for run in own if run.solved is not None]
        label = name
        if len(solved) == len(own):
            label += f"\n{sum(int(each.sum()) for each in solved)} of {len(pooled)} solved"
        labels.append(label)
    axes.set_yticks(range(len(runs)), labels)
    axes.set_ylim(len(runs) - 0.4, -0.6)  # the first on top
    if all(len(own) == 1 for own in runs.values()):
        for line in _comparable(first)[:2]:
            axes.axvline(line.value, color=line.color, linewidth=1, linestyle=line.style, label=line.label)
        _draw_threshold(axes.axvline, first)
    success = first.environment.return_is_success
    if success:
        axes.set_xlim(-0.02, 1)
    how = "exact" if first.final_exact_return is not None else "in 100 test episodes"
    axes.set_xlabel(f"{wording.quantity(first.environment)} of the last policy, {how}")
    style.dress(axes, "x")
    axes.tick_params(axis="y", length=0, labelcolor=style.INK)
    axes.spines["left"].set_visible(False)


def _piled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) offsets from a row's middle: values in the same place are set around it, one above the other."""
    width = np.ptp(values) or 1.0
    cells = np.round((values - values.min()) / max(width, 0.2) * 60).astype(int)
    largest = np.bincount(cells).max()
    offsets = np.zeros(len(values))
    for cell in np.unique(cells):
        members = np.flatnonzero(cells == cell)
        steps = (np.arange(len(members)) + 1) // 2 * np.where(np.arange(len(members)) % 2, 1, -1)
        offsets[members] = steps * min(0.07, 2 * _DOTS / largest)
    return offsets


def _median_and_interval(count: int) -> str:
    return "the median seed and its 95 % interval" if count > 1 else "the one seed"


def _finish(axes: Axes, run: "Run", columns: int = 3) -> None:
    _draw_threshold(axes.axhline, run)
    if np.isfinite(axes.dataLim.x1):  # there is a curve
        axes.set_xlim(0, axes.dataLim.x1)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    style.dress(axes)
    style.legend(axes, 4 if len(axes.get_legend_handles_labels()[0]) == 4 else columns)
