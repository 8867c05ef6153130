"""The wrapper that gives each lane an info of its own."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.core import ActType, ObsType, VectorEnv, VectorWrapper


class DictInfoToList(VectorWrapper[ObsType, ActType, NDArray[Any]]):
    """Turns the infos of a batch into a list with the info dict of each lane; a key stands where its lane has it.

    It must be the outermost wrapper: others expect the dict. Keys that begin with "_" are the masks, and left out.

    Args:
        env: the batch to wrap.

    Raises:
        InvalidParameter: from ``reset`` and ``step``, if the infos are no dict of arrays over the lanes and of such
            dicts.
    """

    def __init__(self, env: VectorEnv[ObsType, ActType, NDArray[Any]]) -> None:
        super().__init__(env)

    def reset(  # type: ignore[override]  # a list in place of the dict
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, list[dict[str, Any]]]:
        observations, infos = self.env.reset(seed=seed, options=options)
        return observations, self._convert_info_to_list(infos)

    def step(  # type: ignore[override]  # likewise
        self, actions: ActType
    ) -> tuple[ObsType, NDArray[Any], NDArray[Any], NDArray[Any], list[dict[str, Any]]]:
        observations, rewards, terminations, truncations, infos = self.env.step(actions)
        return observations, rewards, terminations, truncations, self._convert_info_to_list(infos)

    def _convert_info_to_list(self, vector_infos: dict[str, Any]) -> list[dict[str, Any]]:
        if not isinstance(vector_infos, dict):
            raise error.InvalidParameter(
                f"DictInfoToList expected a dict of infos, got {vector_infos!r} of type "
                f"{type(vector_infos).__name__}; is it wrapped twice?"
            )
        list_info: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for key, column in vector_infos.items():
            if key.startswith("_"):
                continue
            values = self._convert_info_to_list(column) if isinstance(column, dict) else self._checked(key, column)
            mask = self._checked(f"_{key}", vector_infos.get(f"_{key}", np.ones(self.num_envs, np.bool_)))
            for info, value, has_it in zip(list_info, values, mask, strict=True):
                if has_it:
                    info[key] = value
        return list_info

    def _checked(self, key: str, column: Any) -> NDArray[Any]:
        """``column``, which must be an array with an entry for each lane."""
        if not isinstance(column, np.ndarray) or column.shape[:1] != (self.num_envs,):
            raise error.InvalidParameter(
                f"infos[{key!r}] must be an array with an entry for each of the {self.num_envs} lanes, got {column!r}"
            )
        return column
