"""A run as a notebook shows it: what was learned in words, and the learning curve."""

import base64
import html as escaping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.common.run import Run


def html(run: "Run") -> str:
    """The report, and the learning curve where matplotlib is installed."""
    from agents.common import report

    shown = f"<pre>{escaping.escape(report.text(run))}</pre>"
    try:
        image = run.plot()._repr_png_()
    except ModuleNotFoundError:
        return shown
    encoded = base64.b64encode(image).decode()
    return f'{shown}<img alt="learning curve" style="max-width: 800px" src="data:image/png;base64,{encoded}">'
