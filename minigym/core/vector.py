"""What a batch of environments is."""

from enum import Enum
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from minigym import error, logger, seeding
from minigym.core.env import ActType, ObsType, RenderFrame
from minigym.core.seeded import Seeded
from minigym.core.spec import EnvSpec
from minigym.spaces import Space

ArrayType = TypeVar("ArrayType")


class AutoresetMode(Enum):
    """When a lane whose episode has ended begins the next one."""

    NEXT_STEP = "NextStep"
    """The next ``step`` ignores that lane's action and resets it: reward 0, both flags False. The default."""

    SAME_STEP = "SameStep"
    """The same ``step`` resets it; the episode's last observation and info stand in ``infos["final_obs"]`` and
    ``infos["final_info"]``."""

    DISABLED = "Disabled"
    """Never by itself: the caller resets it, with ``reset(options={"reset_mask": mask})``."""

    @classmethod
    def _missing_(cls, value: object) -> "AutoresetMode":
        raise error.InvalidParameter(
            f"autoreset_mode must be one of {', '.join(repr(mode.value) for mode in cls)} "
            f"(or a minigym.vector.AutoresetMode), got {value!r}"
        )


class VectorEnv(Seeded, Generic[ObsType, ActType, ArrayType]):
    """A batch of environments, its lanes, that are reset and stepped together.

    A subclass sets ``num_envs``, the two spaces of one lane (``single_...``) and the two of the batch, names its
    :class:`AutoresetMode` in ``metadata["autoreset_mode"]``, and implements ``reset``, ``step`` and ``render``.

    Lane i of a batch seeded with s is the single environment seeded with s + i.
    """

    metadata: dict[str, Any] = {}  # noqa: RUF012  # a class attribute, as in Gymnasium
    spec: EnvSpec | None = None
    render_mode: str | None = None
    closed: bool = False

    observation_space: Space[ObsType]
    action_space: Space[ActType]
    single_observation_space: Space[Any]
    single_action_space: Space[Any]
    num_envs: int

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        """Begin an episode in every lane.

        Args:
            seed: s seeds lane i with s + i; a list gives each lane its own seed (None: its stream runs on); None lets
                all streams run on.
            options: what the environments understand; ``"reset_mask"``, a bool array of shape (num_envs,), resets
                only the lanes where it is True.

        Returns:
            The first observations, an element of ``observation_space``, and the infos (see :meth:`step`).
        """
        if seed is not None:
            self._np_random, self._np_random_seed = seeding.np_random(seed)  # type: ignore[arg-type]  # one stream
        return None  # type: ignore[return-value]  # a subclass returns the observations; this line only seeds

    def step(self, actions: ActType) -> tuple[ObsType, ArrayType, ArrayType, ArrayType, dict[str, Any]]:
        """Play one action in every lane.

        Args:
            actions: an element of ``action_space``.

        Returns:
            ``observations``, an element of ``observation_space``; ``rewards``, (num_envs,) float64; ``terminations``
            and ``truncations``, (num_envs,) bool; and ``infos``, a dict in which each key of a lane's info holds the
            values of all lanes, and ``_key`` a bool array that says which lanes have one. Dicts nest alike.

        Raises:
            InvalidAction: if an action lies outside ``action_space``; nothing has moved then.
            ResetNeeded: before the first ``reset``.
        """
        raise NotImplementedError(f"{self} does not implement step()")

    def render(self) -> tuple[RenderFrame | list[RenderFrame] | None, ...] | None:
        """What each lane renders."""
        raise NotImplementedError(f"{self} does not implement render()")

    def close(self, **kwargs: Any) -> None:
        """Release windows, files and processes. A second call does nothing.

        Args:
            kwargs: passed on to :meth:`close_extras`, where a subclass does the work.
        """
        if not self.closed:
            self.close_extras(**kwargs)
            self.closed = True

    def close_extras(self, **kwargs: Any) -> None:
        """What a subclass has to release."""

    @property
    def unwrapped(self) -> "VectorEnv[Any, Any, Any]":
        """The batch itself, beneath all wrappers."""
        return self

    def _add_info(self, vector_infos: dict[str, Any], env_info: dict[str, Any], env_num: int) -> dict[str, Any]:
        """Write the info of lane ``env_num`` into the infos of the batch, and return those.

        Numbers and arrays become arrays of one more axis, zero where a lane has none; dicts become such dicts;
        everything else, observations under ``"final_obs"`` included, becomes an object array, None where a lane has
        none. Under ``_key`` stands which lanes have one.
        """
        for key, value in env_info.items():
            column = vector_infos.get(key)
            nested = isinstance(value, dict) and key != "final_obs"  # a Dict observation is a value, no info
            if column is not None and nested != isinstance(column, dict):
                raise error.Error(
                    f"the lanes disagree about info[{key!r}], which must be a dict in all of them or in none; "
                    f"lane {env_num} says {value!r}"
                )
            mask = vector_infos.get(f"_{key}")
            if mask is None:
                mask = np.zeros(self.num_envs, np.bool_)
            if nested:
                column = self._add_info({} if column is None else column, value, env_num)
            else:
                column = _with_room_for(value, column, mask, as_object=key == "final_obs")
                column[env_num] = value
            mask[env_num] = True
            vector_infos[key], vector_infos[f"_{key}"] = column, mask
        return vector_infos

    def __repr__(self) -> str:
        name = "" if self.spec is None else f"{self.spec.id}, "
        return f"{type(self).__name__}({name}num_envs={self.num_envs})"


def _with_room_for(
    value: Any, column: NDArray[Any] | None, mask: NDArray[np.bool_], as_object: bool = False
) -> NDArray[Any]:
    """An array over the lanes that holds what ``column`` holds (where ``mask`` is True), and can hold ``value``.

    In the reference the first lane's type decides and the others are squeezed into it: beside the int 1 of a FrozenLake
    reset the 1/3 of a step becomes 0. Here the array gets a type that holds both.
    """
    shape: tuple[int, ...] = ()
    dtype: np.dtype[Any] | None = None  # of an object: a column of Nones
    if not as_object:
        # bool and no np.bool_: what the reference takes for a number.
        if type(value) in (int, float, bool) or isinstance(value, np.number):
            dtype = np.dtype(type(value))
        elif isinstance(value, np.ndarray):
            shape, dtype = value.shape, value.dtype
    if column is not None and column.shape[1:] == shape and dtype is not None:
        if column.dtype == dtype:
            return column
        if column.dtype.kind == dtype.kind or {column.dtype.kind, dtype.kind} <= set("biufc"):
            return column.astype(np.result_type(column.dtype, dtype), copy=False)
    if column is None and dtype is not None:
        return np.zeros((mask.size, *shape), dtype)
    if column is not None and column.dtype == object and column.ndim == 1:
        return column
    objects = np.full(mask.size, None)
    if column is not None:
        for lane in np.flatnonzero(mask):
            objects[lane] = column[lane]
    return objects


def autoreset_mode_of(env: VectorEnv[Any, Any, Any]) -> AutoresetMode:
    """When the batch resets its lanes: ``NEXT_STEP``, with a warning, where its metadata do not say.

    Raises:
        InvalidParameter: if they say something else than an :class:`AutoresetMode` or its value.
    """
    if "autoreset_mode" in env.metadata:
        return AutoresetMode(env.metadata["autoreset_mode"])
    logger.warn(
        f'{env} does not say when it resets its lanes (metadata["autoreset_mode"]); taken for {AutoresetMode.NEXT_STEP}'
    )
    return AutoresetMode.NEXT_STEP
