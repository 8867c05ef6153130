"""How an environment is described, so that it can be made, and made again."""

import copy
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minigym import error

if TYPE_CHECKING:
    from minigym.core.env import Env

_ID = re.compile(r"(?:(?P<namespace>[\w:-]+)/)?(?P<name>[\w:.-]+?)(?:-v(?P<version>\d+))?")


def parse_env_id(env_id: str) -> tuple[str | None, str, int | None]:
    """Namespace, name and version of an id ``[namespace/]name[-vN]``; Error where it is malformed."""
    match = _ID.fullmatch(env_id) if isinstance(env_id, str) else None
    if match is None:
        raise error.Error(
            f'an environment id must look like [namespace/]name[-vN], for instance "CartPole-v1"; got {env_id!r}'
        )
    version = match["version"]
    return match["namespace"], match["name"], None if version is None else int(version)


def get_env_id(ns: str | None, name: str, version: int | None) -> str:
    """The id of a namespace, a name and a version; what :func:`parse_env_id` takes apart."""
    return ("" if ns is None else f"{ns}/") + name + ("" if version is None else f"-v{version}")


class _ComparedByFields:
    """Two of one class are equal if all their fields are, arrays among the arguments included."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        names = [one.name for one in fields(self)]  # type: ignore[arg-type]  # the subclasses are dataclasses
        return all(_equal(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None  # type: ignore[assignment]  # as whatever compares by value and can change


def _equal(left: Any, right: Any) -> bool:
    """``left == right``, which for arrays is an array, and an error for what holds arrays."""
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return np.array_equal(left, right)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    if isinstance(left, (tuple, list)) and type(left) is type(right):
        return len(left) == len(right) and all(map(_equal, left, right))
    return left is right or bool(left == right)


@dataclass(eq=False)
class WrapperSpec(_ComparedByFields):
    """How to wrap an environment again: the wrapper's name, where it lives, and its arguments (None: unknown)."""

    name: str
    entry_point: str
    kwargs: dict[str, Any] | None


@dataclass(eq=False)
class EnvSpec(_ComparedByFields):
    """How to make an environment: what ``register`` was told, and what ``make`` changed."""

    # What makes an environment of a spec: minigym.make. It sets itself here, since core knows nothing of registration.
    _make: ClassVar[Callable[..., "Env[Any, Any]"]]

    id: str
    entry_point: "Callable[..., Env[Any, Any]] | str | None" = None
    reward_threshold: float | None = None
    nondeterministic: bool = False
    max_episode_steps: int | None = None
    order_enforce: bool = True
    disable_env_checker: bool = False
    kwargs: dict[str, Any] = field(default_factory=dict)
    namespace: str | None = field(init=False)
    name: str = field(init=False)
    version: int | None = field(init=False)
    additional_wrappers: tuple[WrapperSpec, ...] = ()
    vector_entry_point: Callable[..., Any] | str | None = None

    def __post_init__(self) -> None:
        self.namespace, self.name, self.version = parse_env_id(self.id)

    def make(self, **kwargs: Any) -> "Env[Any, Any]":
        """The environment: what ``minigym.make`` makes of this spec and the arguments."""
        return type(self)._make(self, **kwargs)

    def to_json(self) -> str:
        """The spec as JSON, from which :meth:`from_json` makes it again; tuples among the arguments become lists.

        Raises:
            ValueError: if an entry point is no text but a class or a function.
            TypeError: if an argument, of the environment or of a wrapper, is nothing that JSON can hold.
        """
        described = asdict(self)
        for derived in ("namespace", "name", "version"):
            del described[derived]
        for key, value in described.items():
            if callable(value):
                raise error.InvalidParameter(
                    f"{self.id} cannot be written as JSON: its {key} is {value!r}; register it with a text instead, "
                    f'for instance {key}="my_module:MyEnv"'
                )
        try:
            return json.dumps(described)
        except TypeError as problem:
            raise TypeError(
                f"{self.id} cannot be written as JSON: {problem}; its arguments and those of its wrappers must be "
                "numbers, texts, lists and dicts"
            ) from None

    @staticmethod
    def from_json(json_env_spec: str) -> "EnvSpec":
        """The spec that :meth:`to_json` wrote.

        Raises:
            InvalidParameter: (a ValueError) if the text is no JSON, or not that of a spec.
        """
        try:
            described = json.loads(json_env_spec)
            wrappers = tuple(WrapperSpec(**wrapper) for wrapper in described.pop("additional_wrappers"))
            return EnvSpec(**described, additional_wrappers=wrappers)
        except (TypeError, ValueError, LookupError, AttributeError, error.Error) as problem:
            raise error.InvalidParameter(
                f"expected the JSON text that EnvSpec.to_json() writes, got {json_env_spec!r}: {problem}"
            ) from problem

    def pprint(
        self, disable_print: bool = False, include_entry_points: bool = False, print_all: bool = False
    ) -> str | None:
        """Print what the spec says, leaving out what has its default value.

        Args:
            disable_print: return the text instead of printing it.
            include_entry_points: also say where the environment and its wrappers live.
            print_all: leave out nothing.
        """
        lines = [f"id={self.id}"]
        if print_all or include_entry_points:
            lines.append(f"entry_point={self.entry_point}")
        for name, default in (
            ("reward_threshold", None),
            ("nondeterministic", False),
            ("max_episode_steps", None),
            ("order_enforce", True),
            ("disable_env_checker", False),
        ):
            value = getattr(self, name)
            if print_all or value is not default:
                lines.append(f"{name}={value}")
        if self.additional_wrappers:
            wrappers = ",".join(
                f"\n\tname={wrapper.name}, "
                + (f"entry_point={wrapper.entry_point}, " if include_entry_points else "")
                + f"kwargs={wrapper.kwargs}"
                for wrapper in self.additional_wrappers
            )
            lines.append(f"additional_wrappers=[{wrappers}\n]")
        elif print_all:
            lines.append("additional_wrappers=[]")
        text = "\n".join(lines)
        if disable_print:
            return text
        print(text)
        return None


class RecordConstructorArgs:
    """Remembers the arguments that an object was made with, so that a spec can say how to wrap again.

    A wrapper names it among its bases and calls it first: ``RecordConstructorArgs.__init__(self, scale=scale)``, then
    ``super().__init__(env)``. Where a class and its base both call it, the class's own arguments stay.

    Args:
        _disable_deepcopy: keep the arguments themselves instead of copies (for functions, and for what is huge).
        kwargs: the constructor's arguments, without ``env``.
    """

    def __init__(self, *, _disable_deepcopy: bool = False, **kwargs: Any) -> None:
        if not hasattr(self, "_saved_kwargs"):
            self._saved_kwargs: dict[str, Any] = kwargs if _disable_deepcopy else copy.deepcopy(kwargs)
