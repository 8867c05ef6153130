"""What notebooks show inline: runs, plans and their figures, in words and in pictures."""

import base64
import html
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from agents.common.run import Run
    from agents.planning import Plan

_LISTED_STATES = 40


def run(run: "Run") -> str:
    """The report, and the learning curve."""
    from agents.common import report

    return with_picture(report.text(run), run.plot, "learning curve")


def plan(plan: "Plan") -> str:
    """The map with values and moves, of a lake; of other tables a list of states."""
    if plan.rows is not None:
        try:
            return _image(plan.plot(), "best policy")
        except ModuleNotFoundError:
            pass
    clocked = plan.policy.ndim == 2
    values, moves = (plan.values[0], plan.policy[0]) if clocked else (plan.values, plan.policy)
    title = f"Best policy, {len(plan.policy):,} steps to go" if clocked else "Best policy"
    rows = [
        f"<tr><td>{state}</td><td>{move}</td><td>{value:.6g}</td></tr>"
        for state, (move, value) in enumerate(zip(moves[:_LISTED_STATES], values, strict=False))
    ]
    if len(moves) > _LISTED_STATES:
        rows.append(f'<tr><td colspan="3">... and {len(moves) - _LISTED_STATES:,} more states</td></tr>')
    header = "<tr><th>state</th><th>action</th><th>value</th></tr>"
    return f"<table><caption>{title}</caption>{header}{''.join(rows)}</table>"


def text(words: str) -> str:
    """Words in columns."""
    return f"<pre>{html.escape(words)}</pre>"


def with_picture(words: str, plot: Callable[[], "Figure"], alternative: str) -> str:
    """Words in columns, and a picture where matplotlib is installed."""
    try:
        return text(words) + _image(plot(), alternative)
    except ModuleNotFoundError:
        return text(words)


def _image(picture: "Figure", alternative: str) -> str:
    stream = io.BytesIO()
    picture.savefig(stream, format="png")
    encoded = base64.b64encode(stream.getvalue()).decode()
    return f'<img alt="{alternative}" style="max-width: 800px" src="data:image/png;base64,{encoded}">'
