"""Files: written whole or not at all, arrays read back, and pictures and videos only where that is possible."""

import os
import re
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from minigym import error


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then put it in the place of ``path``.

    A reader, or a crash at any instant, finds the old file or the new one, never a part. (A kill can leave the
    temporary file too; :func:`is_leftover` knows it.)
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


def is_leftover(path: Path) -> bool:
    """Whether this is, by its name, a temporary file of :func:`write_atomically`, which only a kill leaves."""
    return re.fullmatch(r"\..+\.\d+\.tmp", path.name) is not None


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], *, compressed: bool) -> None:
    """Write named arrays of numbers or texts to an npz file, whole or not at all.

    Raises:
        TypeError: for an array of Python objects; NumPy would pickle it, and :func:`read_arrays` refuse it.
    """
    objects = [name for name, array in arrays.items() if array.dtype.hasobject]
    if objects:
        raise TypeError(f"what is kept must be plain arrays; of Python objects are {', '.join(objects)}")
    names = np.array(sorted([*arrays, "names"]))
    save = np.savez_compressed if compressed else np.savez
    write_atomically(path, lambda file: save(file, **arrays, names=names))


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """What :func:`write_arrays` wrote; opened without pickle, so that no file can execute anything.

    Raises:
        Exception: nearly any, where the file is damaged or foreign: so do zipfile and NumPy.
    """
    # Reading all of it compares every array with its CRC-32 in the file.
    with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
        arrays = dict(file)
    if "names" not in arrays:
        raise ValueError(f"{path.name} has no list of its arrays, as the format demands")
    if sorted(arrays) != arrays["names"].tolist():  # a damaged directory of a zip file can hide entries
        raise ValueError(f"{path.name} should hold {', '.join(arrays['names'])}, but holds {', '.join(arrays)}")
    return arrays


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
    _check_place(path)


def check_video(path: str | Path) -> None:
    """The same of a video."""
    path = Path(path)
    if path.suffix not in (".mp4", ".gif"):
        raise error.InvalidParameter(f"a video's name must end in .mp4 or .gif; got {path}")
    module, package = ("av", "PyAV") if path.suffix == ".mp4" else ("PIL", "Pillow")
    if find_spec(module) is None:
        another = ", or name it .gif" if path.suffix == ".mp4" else ""
        raise error.DependencyNotInstalled(
            f'{path.name} needs {package}, which is not installed; write: pip install "minigym[render]"{another}'
        )
    _check_place(path)


def _check_place(path: Path) -> None:
    if not path.absolute().parent.is_dir():
        raise error.InvalidParameter(f"there is no directory {path.parent} to write {path.name} in")
    if path.is_dir() or not os.access(path.absolute().parent, os.W_OK):
        raise error.InvalidParameter(f"{path} cannot be written: it is a directory, or in one that is closed to you")
