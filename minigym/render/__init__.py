"""From a state to text, from a state to a frame, and from frames to a window or a video.

Text and frames need NumPy alone: no display, no pygame. Only a window needs pygame, and only a video PyAV or Pillow,
which are imported when the first one is made. The names below are loaded when they are first asked for, so that
``import minigym.render`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minigym.render.cart_pole import cart_pole_frame
    from minigym.render.frozen_lake import frozen_lake_frame
    from minigym.render.mountain_car import mountain_car_frame
    from minigym.render.text import frozen_lake_text, tabular_text
    from minigym.render.video import VideoWriter, capped_cubic_video_schedule, save_video
    from minigym.render.window import Window

_MODULES = {
    "VideoWriter": "video",
    "Window": "window",
    "capped_cubic_video_schedule": "video",
    "cart_pole_frame": "cart_pole",
    "frozen_lake_frame": "frozen_lake",
    "frozen_lake_text": "text",
    "mountain_car_frame": "mountain_car",
    "save_video": "video",
    "tabular_text": "text",
}

__all__ = [
    "VideoWriter",
    "Window",
    "capped_cubic_video_schedule",
    "cart_pole_frame",
    "frozen_lake_frame",
    "frozen_lake_text",
    "mountain_car_frame",
    "save_video",
    "tabular_text",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(__all__)}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
