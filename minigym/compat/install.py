"""Make ``import gym`` find minigym, and undo it.

The way in is an importable directory, ``shim_gym``, at the front of ``sys.path``: an alias in ``sys.modules`` would not
reach worker processes, while the start methods spawn and forkserver hand ``sys.path`` down (and fork everything).
"""

import os
import sys

from minigym import error

SHIM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shim_gym")
VERSIONS = {"0.17": "0.17.3", "0.18": "0.18.3", "0.19": "0.19.0", "0.20": "0.20.0", "0.21": "0.21.0"}
DEFAULT = "0.21"


def install_as_gym(version: str = DEFAULT) -> None:
    """From now on ``import gym`` finds minigym, speaking the interface of gym 0.17 to 0.21.

    It makes no difference whether the real gym is installed. A second call is harmless; :func:`uninstall_as_gym`
    undoes it. Worker processes find minigym too; programs started anew (``subprocess``) do not.

    Args:
        version: "0.17" to "0.21", which matters where they differ (docs/classic.md). The default, the last, suits
            nearly every notebook; "0.17" gives CartPole's observations as float64, with all their digits.

    Raises:
        Error: if the real gym is imported already, or this one as another version: restart first.
    """
    number = ".".join(str(version).split(".")[:2])
    if number not in VERSIONS:
        raise error.Error(
            f"version must be one of {', '.join(map(repr, VERSIONS))}, got {version!r}; "
            'write for instance minigym.install_as_gym(version="0.17")'
        )
    if "gym" in sys.modules:
        if not _is_shim("gym"):
            raise error.Error(
                "the real gym is imported already, and programs hold pieces of it: restart (in a notebook: restart "
                "the kernel), and call minigym.install_as_gym() before the first import gym"
            )
        if SHIM in sys.path and installed_version() != number:
            raise error.Error(
                f"gym is imported already, as version {installed_version()}: restart (in a notebook: restart the "
                f'kernel), and begin with minigym.install_as_gym(version="{number}")'
            )
    _remove_from_path()
    # The second entry names no directory (Python passes over such entries): it carries the version to worker processes.
    sys.path[:0] = [SHIM, os.path.join(SHIM, number)]


def uninstall_as_gym() -> None:
    """Undo :func:`install_as_gym`: ``import gym`` finds again what it found before.

    What was imported from it stays usable.
    """
    if _is_shim("gym"):
        for name in [name for name in sys.modules if name.partition(".")[0] == "gym"]:
            del sys.modules[name]
    _remove_from_path()


def installed_version() -> str:
    """The version chosen, as "0.21"; the default where none was."""
    for entry in sys.path:
        directory, number = os.path.split(entry)
        if directory == SHIM:
            return number
    return DEFAULT


def at_least(version: str) -> bool:
    """Whether the version chosen is this one or a later one."""
    return list(VERSIONS).index(installed_version()) >= list(VERSIONS).index(version)


def _is_shim(name: str) -> bool:
    file = getattr(sys.modules.get(name), "__file__", None)
    return file is not None and os.path.abspath(file).startswith(os.path.join(SHIM, ""))


def _remove_from_path() -> None:
    sys.path[:] = [entry for entry in sys.path if entry != SHIM and os.path.dirname(entry) != SHIM]
