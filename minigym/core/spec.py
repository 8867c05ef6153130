"""How an environment is described, so that it can be made, and made again."""

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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


@dataclass
class WrapperSpec:
    """How to wrap an environment again: the wrapper's name, where it lives, and its arguments (None: unknown)."""

    name: str
    entry_point: str
    kwargs: dict[str, Any] | None


@dataclass
class EnvSpec:
    """How to make an environment: what ``register`` was told, and what ``make`` changed."""

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
