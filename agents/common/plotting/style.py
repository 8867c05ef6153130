"""What all pictures share: their colours, their type, and how axes look."""

import io
from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text

INK, GREY, PALE = "#20303c", "#6b7780", "#e6eaed"
SEED, MEDIAN, BAND = "#8fbbe0", "#0b4f94", "#5b93cc"
CLOCK, STATIONARY, RANDOM, THRESHOLD = "#38761d", "#b45f06", "#6b7780", "#8a2b57"
EXPLORING = "#d0662a"
AGENTS = ("#0b4f94", "#d0662a", "#38761d", "#8a2b57", "#2a8c9c", "#a8861a", "#5f4bb6", "#20303c")
"""One for each agent of a comparison, in turn."""
_MARGINS = {"w_pad": 0.12, "h_pad": 0.12}  # inches, around all that is drawn
_WIDEST = 0.8  # of a picture's width, or of its part: what a title may take beside the labels of the axis


class Picture(Figure):
    """A matplotlib Figure that a notebook shows inline, whether or not pyplot was ever imported."""

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png")
        return stream.getvalue()


def picture(width: float, height: float) -> Picture:
    """An empty picture, in inches of 150 pixels."""
    figure = Picture(figsize=(width, height), dpi=150, layout=ConstrainedLayoutEngine(**_MARGINS), facecolor="white")
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
    """A bold title at the left, and in a second line what it means; smaller where they would not fit."""
    _fit(axes, axes.set_title(text, loc="left", color=INK, fontweight="bold", pad=22 if below else 8))
    if below:
        line = axes.annotate(below, (0, 1), (0, 7), xycoords="axes fraction", textcoords="offset points")
        line.set(color=GREY, fontsize="small", in_layout=False)  # wider than the axes, it would push them aside
        _fit(axes, line)


def _fit(axes: Axes, text: Text) -> None:
    figure, place = axes.get_figure(root=True), axes.get_subplotspec()
    assert figure is not None
    room = _WIDEST * figure.bbox.width / (1 if place is None else place.get_gridspec().ncols)
    text.set_fontsize(text.get_fontsize() * min(1.0, room / text.get_window_extent().width))


def legend(axes: Axes, columns: int = 4, handles: Sequence[Artist] | None = None) -> None:
    """The names of what was drawn, or of the ``handles``, below the axes, where they cover nothing."""
    drawn = axes.legend(
        handles=axes.get_legend_handles_labels()[0] if handles is None else handles,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        borderaxespad=5.0,  # times the type's size: below the axis' own words, however tall the picture is
        ncols=columns,
        fontsize="small",
        labelcolor=INK,
        frameon=False,
        columnspacing=1.4,
    )
    for line in drawn.get_lines():
        line.set_alpha(1.0)  # a hundred pale curves show where they are dense, their name has but one
