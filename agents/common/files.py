"""Files to be written: whole or not at all, and pictures only where that is possible."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from minigym import error


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then put it in the place of ``path``.

    A reader, or a crash at any instant, finds the old file or the new one, never a part.
    """
    # In the same directory, because os.replace is atomic within one file system only.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())  # the contents must be on the disk before the name points at them
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def check_picture(path: str | Path) -> None:
    """Refuse the name of a picture that could not be written, before all the work that it is to show."""
    path = Path(path)
    try:
        from matplotlib.backend_bases import FigureCanvasBase
    except ModuleNotFoundError:
        raise error.DependencyNotInstalled(
            'a picture needs matplotlib, which is not installed; write: pip install "minigym[agents]"'
        ) from None
    known = FigureCanvasBase.get_supported_filetypes()
    if path.suffix[1:].lower() not in known:
        raise error.InvalidParameter(f"a picture's name must end in .png or another of {', '.join(known)}; got {path}")
    if not path.absolute().parent.is_dir():
        raise error.InvalidParameter(f"there is no directory {path.parent} to write {path.name} in")
