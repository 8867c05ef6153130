"""An environment of one library seen as one of the other, whichever is which."""

from types import ModuleType
from typing import Any

from minigym import seeding
from minigym.compat.twins import has_graphs, twin, with_graphs


def inside(name: str) -> Any:
    """An attribute that is read from what is inside a view, and set on its innermost layer."""
    return property(
        lambda view: getattr(view._env, name), lambda view, value: setattr(view._env.unwrapped, name, value)
    )


def _space(name: str) -> Any:
    """The twin of a space inside, and a new one where that is replaced: CartPole's follows its limits."""

    def get(view: Any) -> Any:
        space = getattr(view._env, name)
        seen, result = view._twins.get(name, (None, None))
        if seen is not space:
            outer, inner = view._libraries()
            result = twin(space, inner, outer)
            view._twins[name] = space, result
        return result

    def set(view: Any, space: Any) -> None:
        view._twins[name] = getattr(view._env, name), space

    return property(get, set)


class View:
    """What a view of minigym's environment as Gymnasium's, and one of Gymnasium's as minigym's, have in common.

    A subclass names the two libraries, and has the ``Env`` of the outer one as its second base. Attributes that it does
    not have itself are those of the environment inside, to be read and to be set, on whichever layer has them.

    Args:
        env: the environment inside.
        spec: its description, in the outer library's form.
    """

    def __init__(self, env: Any, spec: Any) -> None:
        vars(self).update(_env=env, _twins={}, spec=spec)
        # A dict of its own: Gymnasium's batches write their autoreset mode into it.
        self.metadata = dict(env.metadata)
        # A space that cannot be converted is refused here.
        self._graphs = has_graphs(self.action_space), has_graphs(self.observation_space)

    @staticmethod
    def _libraries() -> tuple[ModuleType, ModuleType]:
        """The ``spaces`` of the outer library, and of the inner one."""
        raise NotImplementedError

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> Any:
        # Gymnasium takes Python's integers alone.
        observation, info = self._env.reset(seed=None if seed is None else seeding.checked_seed(seed), options=options)
        return self._shown(observation), info

    def step(self, action: Any) -> Any:
        if self._graphs[0]:
            action = with_graphs(action, self._libraries()[1].GraphInstance)
        observation, reward, terminated, truncated, info = self._env.step(action)
        return self._shown(observation), reward, terminated, truncated, info

    def _shown(self, observation: Any) -> Any:
        return with_graphs(observation, self._libraries()[0].GraphInstance) if self._graphs[1] else observation

    def render(self) -> Any:
        return self._env.render()

    def close(self) -> None:
        self._env.close()

    action_space, observation_space = map(_space, ("action_space", "observation_space"))
    render_mode = inside("render_mode")
    np_random = inside("np_random")
    np_random_seed = property(lambda view: view._env.np_random_seed)
    _np_random = property(lambda view: view._env.unwrapped._np_random)  # Gymnasium's checker reads it

    def __getattr__(self, name: str) -> Any:
        # Without this test, endless recursion: `_env` is missing while a copy or a pickle is being read.
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}, and private ones are not forwarded")
        return self._env.get_wrapper_attr(name)

    def __setattr__(self, name: str, value: Any) -> None:
        own = name.startswith("_") or hasattr(type(self), name) or name in vars(self)
        if own or not self._env.has_wrapper_attr(name):
            super().__setattr__(name, value)
        else:
            self._env.set_wrapper_attr(name, value)
