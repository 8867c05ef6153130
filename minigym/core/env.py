"""What an environment and a wrapper are."""

from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, SupportsFloat, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from minigym import error, logger, seeding
from minigym.core.seeded import Seeded
from minigym.core.spec import EnvSpec, RecordConstructorArgs, WrapperSpec
from minigym.spaces import Space

if TYPE_CHECKING:
    from minigym.dynamics.mdp import MDP

ObsType = TypeVar("ObsType")
ActType = TypeVar("ActType")
WrapperObsType = TypeVar("WrapperObsType")
WrapperActType = TypeVar("WrapperActType")
RenderFrame: TypeAlias = NDArray[np.uint8] | str


class Env(Seeded, Generic[ObsType, ActType]):
    """An environment: ``reset`` begins an episode, ``step`` plays one action.

    A subclass sets ``action_space`` and ``observation_space`` in its constructor, implements ``step``, ``reset``
    (whose first line is ``super().reset(seed=seed)``) and ``render``, and draws all randomness from ``np_random``.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  # a class attribute, as in Gymnasium
    render_mode: str | None = None
    spec: EnvSpec | None = None
    action_space: Space[ActType]
    observation_space: Space[ObsType]

    _inert: bool = False
    """True of a wrapper whose ``reset`` and ``step`` only pass on, from now on: TimeLimit then skips it.

    The check wrappers of ``make`` become inert once they have done their work, so that a step through three wrappers
    costs no more than a step through one.
    """

    def step(self, action: ActType) -> tuple[ObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        """Play one action.

        Args:
            action: an element of ``action_space``.

        Returns:
            ``observation``, an element of ``observation_space``; ``reward``, a number; ``terminated``, whether
            the task itself ended the episode; ``truncated``, whether something outside the task did (a time
            limit), so that a learner still bootstraps from ``observation``; and ``info``, a dict.

        Raises:
            InvalidAction: if the action lies outside ``action_space``; nothing has moved then.
            ResetNeeded: before the first ``reset``.
        """
        raise NotImplementedError

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: any non-negative integer starts the random stream anew; None lets it run on (the usual case
                after the first reset).
            options: what the particular environment understands.

        Returns:
            The first observation, and an info dict.
        """
        if seed is not None:
            self._np_random, self._np_random_seed = seeding.np_random(seed)
        return None  # type: ignore[return-value]  # a subclass returns the observation; this line only seeds

    def render(self) -> RenderFrame | list[RenderFrame] | None:
        """The state as ``render_mode`` says: a text for "ansi", a (height, width, 3) uint8 frame for "rgb_array".

        "human" opens a window at the first ``reset`` and draws by itself at every step; it returns None.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Release windows and files. A second call does nothing."""

    @property
    def unwrapped(self) -> "Env[Any, Any]":
        """The environment itself, beneath all wrappers."""
        return self

    def has_wrapper_attr(self, name: str) -> bool:
        """Whether this environment, or one beneath its wrappers, has the attribute."""
        return hasattr(self, name)

    def get_wrapper_attr(self, name: str) -> Any:
        """The attribute of the outermost layer that has it."""
        return getattr(self, name)

    def set_wrapper_attr(self, name: str, value: Any, *, force: bool = True) -> bool:
        """Set the attribute on the outermost layer that has it.

        Args:
            name, value: the attribute and its new value.
            force: whether to create it on the outermost layer where no layer has it.

        Returns:
            Whether it was set.
        """
        if force or hasattr(self, name):
            setattr(self, name, value)
            return True
        return False

    def _checked_render_mode(self, render_mode: str | None) -> str | None:
        """``render_mode`` if the environment's metadata names it; UnsupportedMode otherwise."""
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise error.UnsupportedMode(
                f"{type(self).__name__} cannot render in the mode {render_mode!r}; "
                f"use one of {', '.join(map(repr, self.metadata['render_modes']))}, or None for no pictures"
            )
        return render_mode

    def _warn_no_render_mode(self) -> None:
        """What ``render()`` says when nobody chose how to render."""
        name = type(self).__name__ if self.spec is None else self.spec.id
        mode = self.metadata["render_modes"][-1]
        logger.warn(
            f'{name} was made without a render_mode, so render() shows nothing; write for instance render_mode="{mode}"'
        )

    def __str__(self) -> str:
        inside = " instance" if self.spec is None else f"<{self.spec.id}>"
        return f"<{type(self).__name__}{inside}>"

    def __repr__(self) -> str:
        return str(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Wrapper(Env[WrapperObsType, WrapperActType], Generic[WrapperObsType, WrapperActType, ObsType, ActType]):
    """An environment around another one; what it does not change, it passes through.

    Attributes of the inner environment are not forwarded, as in Gymnasium: say ``env.unwrapped.s`` or
    ``env.get_wrapper_attr("P")``. The one exception is ``env.mdp``.
    """

    # No __getattr__, not even for a kinder error: a class that has one makes CPython look up every attribute the
    # slow way, which costs TimeLimit.step a fifth of a FrozenLake step.

    def __init__(self, env: Env[ObsType, ActType]) -> None:
        if not isinstance(env, Env):
            raise TypeError(
                f"{type(self).__name__} wraps a minigym.Env, got {env!r} of type {type(env).__name__}; "
                "make one with minigym.make(id), or derive your class from minigym.Env"
            )
        self.env = env
        self._action_space: Space[WrapperActType] | None = None
        self._observation_space: Space[WrapperObsType] | None = None
        self._metadata: dict[str, Any] | None = None
        self._cached_spec: EnvSpec | None = None

    def step(self, action: WrapperActType) -> tuple[WrapperObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        return self.env.step(action)  # type: ignore[arg-type,return-value]  # a wrapper that changes the types overrides

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[WrapperObsType, dict[str, Any]]:
        return self.env.reset(seed=seed, options=options)  # type: ignore[return-value]  # likewise

    def render(self) -> RenderFrame | list[RenderFrame] | None:
        return self.env.render()

    def close(self) -> None:
        self.env.close()

    @property
    def unwrapped(self) -> Env[Any, Any]:
        return self.env.unwrapped

    @property
    def mdp(self) -> "MDP":
        """The table of the environment beneath; AttributeError where it has none."""
        table: MDP = self.env.get_wrapper_attr("mdp")
        return table

    @property
    def spec(self) -> EnvSpec | None:  # type: ignore[override]  # read-only here, an attribute in Env
        """The description of the environment with this wrapper around it; None where the environment has none."""
        if self._cached_spec is None and self.env.spec is not None:
            self._cached_spec = self._described(self.env.spec)
        return self._cached_spec

    def _described(self, spec: EnvSpec) -> EnvSpec:
        """``spec`` with this wrapper added; its arguments are known if it is a ``RecordConstructorArgs``."""
        arguments = None
        if isinstance(self, RecordConstructorArgs):
            arguments = {name: value for name, value in self._saved_kwargs.items() if name != "env"}
        entry_point = f"{type(self).__module__}:{type(self).__name__}"
        wrapper_spec = WrapperSpec(self.class_name(), entry_point, arguments)
        return replace(spec, additional_wrappers=(*spec.additional_wrappers, wrapper_spec))

    @property
    def action_space(self) -> Space[WrapperActType]:
        """The wrapper's own action space where it set one, else the environment's."""
        # Where the wrapper sets no space of its own, both have the same type.
        return self.env.action_space if self._action_space is None else self._action_space  # type: ignore[return-value]

    @action_space.setter
    def action_space(self, space: Space[WrapperActType]) -> None:
        self._action_space = space

    @property
    def observation_space(self) -> Space[WrapperObsType]:
        """The wrapper's own observation space where it set one, else the environment's."""
        if self._observation_space is None:
            return self.env.observation_space  # type: ignore[return-value]  # likewise
        return self._observation_space

    @observation_space.setter
    def observation_space(self, space: Space[WrapperObsType]) -> None:
        self._observation_space = space

    @property
    def metadata(self) -> dict[str, Any]:
        """The wrapper's own metadata where it set some, else the environment's."""
        return self.env.metadata if self._metadata is None else self._metadata

    @metadata.setter
    def metadata(self, metadata: dict[str, Any]) -> None:
        self._metadata = metadata

    @property
    def render_mode(self) -> str | None:  # type: ignore[override]  # read-only here, an attribute in Env
        return self.env.render_mode

    @property
    def np_random(self) -> np.random.Generator:
        return self.env.np_random

    @np_random.setter
    def np_random(self, generator: np.random.Generator) -> None:
        self.env.np_random = generator

    @property
    def np_random_seed(self) -> int | None:
        return self.env.np_random_seed

    def has_wrapper_attr(self, name: str) -> bool:
        return hasattr(self, name) or self.env.has_wrapper_attr(name)

    def get_wrapper_attr(self, name: str) -> Any:
        return getattr(self, name) if _has_own(self, name) else self.env.get_wrapper_attr(name)

    def set_wrapper_attr(self, name: str, value: Any, *, force: bool = True) -> bool:
        if not _has_own(self, name) and self.env.set_wrapper_attr(name, value, force=False):
            return True
        return super().set_wrapper_attr(name, value, force=force)

    @classmethod
    def class_name(cls) -> str:
        """The wrapper's name, as it stands in a spec."""
        return cls.__name__

    @classmethod
    def wrapper_spec(cls, **kwargs: Any) -> WrapperSpec:
        """How to put this wrapper around an environment: for ``register(..., additional_wrappers=(...,))``."""
        return WrapperSpec(cls.class_name(), f"{cls.__module__}:{cls.__name__}", kwargs)

    def __str__(self) -> str:
        return f"<{type(self).__name__}{self.env}>"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}{self.env!r}>"


def _has_own(wrapper: Wrapper[Any, Any, Any, Any], name: str) -> bool:
    return name != "mdp" and hasattr(wrapper, name)


class ObservationWrapper(Wrapper[WrapperObsType, ActType, ObsType, ActType]):
    """Changes every observation, of ``reset`` and of ``step``; a subclass implements ``observation``."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[WrapperObsType, dict[str, Any]]:
        observation, info = self.env.reset(seed=seed, options=options)
        return self.observation(observation), info

    def step(self, action: ActType) -> tuple[WrapperObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        return self.observation(observation), reward, terminated, truncated, info

    def observation(self, observation: ObsType) -> WrapperObsType:
        """The observation that the agent gets to see."""
        raise NotImplementedError


class RewardWrapper(Wrapper[ObsType, ActType, ObsType, ActType]):
    """Changes every reward; a subclass implements ``reward``."""

    def step(self, action: ActType) -> tuple[ObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        return observation, self.reward(reward), terminated, truncated, info

    def reward(self, reward: SupportsFloat) -> SupportsFloat:
        """The reward that the agent gets."""
        raise NotImplementedError


class ActionWrapper(Wrapper[ObsType, WrapperActType, ObsType, ActType]):
    """Changes every action on its way in; a subclass implements ``action``."""

    def step(self, action: WrapperActType) -> tuple[ObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        return self.env.step(self.action(action))

    def action(self, action: WrapperActType) -> ActType:
        """The action that the environment gets."""
        raise NotImplementedError
