"""What all pictures share: their colours, their type, and how axes look."""

import io

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK, GREY, PALE = "#20303c", "#6b7780", "#e6eaed"
SEED, MEDIAN, BAND = "#8fbbe0", "#0b4f94", "#5b93cc"
CLOCK, STATIONARY, RANDOM, THRESHOLD = "#38761d", "#b45f06", "#6b7780", "#8a2b57"
EXPLORING = "#d0662a"
AGENTS = ("#0b4f94", "#d0662a", "#38761d", "#8a2b57", "#2a8c9c", "#a8861a", "#5f4bb6", "#20303c")
"""One for each agent of a comparison, in turn."""


class Picture(Figure):
    """A matplotlib Figure that a notebook shows inline, whether or not pyplot was ever imported."""

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png")
        return stream.getvalue()


def picture(width: float, height: float) -> Picture:
    """An empty picture, in inches of 150 pixels."""
    figure = Picture(figsize=(width, height), dpi=150, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def dress(axes: Axes, grid: str = "y") -> None:
    """Quiet axes: two of the four lines, pale gridlines behind the data."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(colors=GREY)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(INK)
    if grid:
        axes.grid(axis=grid, color=PALE, linewidth=0.8)
    axes.set_axisbelow(True)


def title(axes: Axes, text: str, below: str = "") -> None:
    """A bold title at the left, and in a second line what it means."""
    axes.set_title(text, loc="left", color=INK, fontweight="bold", pad=22 if below else 8)
    if below:
        axes.annotate(
            below, (0, 1), (0, 7), xycoords="axes fraction", textcoords="offset points", color=GREY, fontsize="small"
        )


def legend(axes: Axes, columns: int = 4) -> None:
    """The names of what was drawn, below the axes, where they cover nothing."""
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.16),
        ncols=columns,
        fontsize="small",
        labelcolor=INK,
        frameon=False,
        columnspacing=1.4,
    )
