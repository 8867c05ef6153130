"""Putting minigym in the place of ``gym`` or of ``gymnasium``, and taking it out again.

The way in is an importable directory, ``shim_gym`` or ``shim_gymnasium``, at the front of ``sys.path``: an alias in
``sys.modules`` would not reach worker processes, while the start methods spawn and forkserver hand ``sys.path`` down
(and fork everything).
"""

import os
import sys
from dataclasses import dataclass

from minigym import error

_HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass(frozen=True)
class Shim:
    """One way of standing in for another package, in one of several versions.

    Args:
        name: what the program imports.
        argument: what the function that installs it calls its versions.
        versions: the versions on offer, oldest first, and the number that the package then gives as its own.
        default: the version where none is chosen.
    """

    name: str
    argument: str
    versions: dict[str, str]
    default: str

    @property
    def directory(self) -> str:
        """The directory that holds the stand-in."""
        return os.path.join(_HERE, f"shim_{self.name}")

    @property
    def function(self) -> str:
        """How the function that installs it is called."""
        return f"minigym.install_as_{self.name}"

    def install(self, version: str) -> None:
        """From now on the import finds the stand-in; the errors are those of :func:`install_as_gym`."""
        number = self.known(version)
        if number is None:
            first = next(iter(self.versions))
            raise error.Error(
                f"{self.argument} must be one of {', '.join(map(repr, self.versions))}, got {version!r}; write for "
                f'instance {self.function}({self.argument}="{first}")'
            )
        if self.name in sys.modules:
            if not self._is_imported():
                raise error.Error(
                    f"the real {self.name} is imported already, and programs hold pieces of it: restart (in a "
                    f"notebook: restart the kernel), and call {self.function}() before the first import {self.name}"
                )
            if self.directory in sys.path and self.chosen() != number:
                raise error.Error(
                    f"{self.name} is imported already, as {self.argument} {self.chosen()}: restart (in a notebook: "
                    f'restart the kernel), and begin with {self.function}({self.argument}="{number}")'
                )
        self._remove_from_path()
        # The second entry names no directory (Python passes over such entries): it carries the version to worker
        # processes.
        sys.path[:0] = [self.directory, os.path.join(self.directory, number)]

    def uninstall(self) -> None:
        """The import finds again what it found before."""
        if self._is_imported():
            for name in [name for name in sys.modules if name.partition(".")[0] == self.name]:
                del sys.modules[name]
        self._remove_from_path()

    def known(self, version: object) -> str | None:
        """The key of ``versions`` that a version means, "0.21.0" as well as "0.21"; None for none."""
        for number, full in self.versions.items():
            if str(version) in (number, full):
                return number
        major, _, rest = str(version).partition(".")
        number = f"{major}.{rest.partition('.')[0]}"
        return next((known for known in (number, f"{major}.x") if known in self.versions), None)

    def chosen(self) -> str:
        """The version installed, a key of ``versions``; the default where none was."""
        for entry in sys.path:
            directory, number = os.path.split(entry)
            if directory == self.directory:
                return number
        return self.default

    def _is_imported(self) -> bool:
        file = getattr(sys.modules.get(self.name), "__file__", None)
        return file is not None and os.path.abspath(file).startswith(os.path.join(self.directory, ""))

    def _remove_from_path(self) -> None:
        sys.path[:] = [
            entry for entry in sys.path if entry != self.directory and os.path.dirname(entry) != self.directory
        ]


GYM = Shim(
    "gym",
    "version",
    {"0.17": "0.17.3", "0.18": "0.18.3", "0.19": "0.19.0", "0.20": "0.20.0", "0.21": "0.21.0"},
    default="0.21",
)
GYMNASIUM = Shim("gymnasium", "profile", {"0.29": "0.29.1", "1.x": "1.3.0"}, default="1.x")
SHIMS = {shim.name: shim for shim in (GYM, GYMNASIUM)}


def install_as_gym(version: str = GYM.default) -> None:
    """From now on ``import gym`` finds minigym, speaking the interface of gym 0.17 to 0.21.

    It makes no difference whether the real gym is installed. A second call is harmless; :func:`uninstall_as_gym`
    undoes it. Worker processes find minigym too; programs started anew (``subprocess``) do not.

    Args:
        version: "0.17" to "0.21", which matters where they differ (docs/classic.md). The default, the last, suits
            nearly every notebook; "0.17" gives CartPole's observations as float64, with all their digits.

    Raises:
        Error: if the real gym is imported already, or this one as another version: restart first.
    """
    GYM.install(version)


def uninstall_as_gym() -> None:
    """Undo :func:`install_as_gym`: ``import gym`` finds again what it found before.

    What was imported from it stays usable.
    """
    GYM.uninstall()


def install_as_gymnasium(profile: str = GYMNASIUM.default) -> None:
    """From now on ``import gymnasium`` finds minigym.

    Everything else is as with :func:`install_as_gym`. The original's own behaviour is kept there, where ``minigym``
    itself would refuse: an unknown letter on a map is a frozen tile, an unknown render mode a warning, and so on
    (docs/gymnasium.md).

    Args:
        profile: "1.x" for the interface of Gymnasium 1.3.0; "0.29" for that of 0.29.1, whose batches reset within the
            same step and say ``infos["final_observation"]``, and whose wrappers forward attributes.

    Raises:
        Error: if the real Gymnasium is imported already, or this one in the other profile: restart first.
    """
    GYMNASIUM.install(profile)


def uninstall_as_gymnasium() -> None:
    """Undo :func:`install_as_gymnasium`: ``import gymnasium`` finds again what it found before.

    What was made with it stays usable.
    """
    GYMNASIUM.uninstall()


def at_least(version: str) -> bool:
    """Whether the version of gym chosen is this one or a later one."""
    return list(GYM.versions).index(GYM.chosen()) >= list(GYM.versions).index(version)
