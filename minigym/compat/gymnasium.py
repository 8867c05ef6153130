"""minigym and the real Gymnasium: each one's environments inside the other.

:func:`register_all` gives minigym's ids to Gymnasium: ``gymnasium.make("minigym/CartPole-v1")``. :func:`to_gymnasium`
and :func:`from_gymnasium` convert single environments, :func:`space_to_gymnasium` and :func:`space_from_gymnasium`
spaces. Gymnasium is imported when one of them is called (tested with 1.3), and nowhere else in minigym.

The classes that derive from Gymnasium's are made at their first use, by the module's ``__getattr__``. That they can be
reached by name, as :class:`GymnasiumEnv` and :class:`GymnasiumVectorEnv`, is what pickle and worker processes need.
"""

import copy
import importlib
import inspect
import os
import re
from collections.abc import Callable
from functools import cached_property, partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from minigym import core, error, registration, spaces, vector
from minigym.compat.twins import has_graphs, twin, with_graphs
from minigym.compat.view import View, inside
from minigym.core import Env, VectorEnv
from minigym.dynamics.mdp import MDP

if TYPE_CHECKING:
    import gymnasium

__all__ = ["from_gymnasium", "register_all", "space_from_gymnasium", "space_to_gymnasium", "to_gymnasium"]

_PACKAGE = os.path.join(os.path.dirname(os.path.abspath(error.__file__)), "")


def register_all() -> None:
    """Register every id of ``minigym.registry`` in Gymnasium, as ``minigym/<id>``.

    ``gymnasium.make("minigym/CartPole-v1")`` then makes minigym's environment, inside Gymnasium's own wrappers, and
    ``gymnasium.make_vec("minigym/CartPole-v1", num_envs=8)`` the batch of ``minigym.make_vec``; its ``autoreset_mode``,
    and whatever else a batch takes, are keyword arguments. From the same seeds both give what minigym gives.

    A second call does no harm, and adds what was registered in between. An id that has a namespace of its own,
    ``mylab/Maze-v0``, becomes ``minigym-mylab/Maze-v0``. Processes that start afresh call this function themselves,
    or write ``gymnasium.make("minigym.compat.registered:minigym/CartPole-v1")``.

    Raises:
        DependencyNotInstalled: without Gymnasium.
        Error: if ``import gymnasium`` finds minigym's stand-in.
    """
    theirs = _gymnasium().registry
    for described in registration.registry.values():
        converted = _described(described, "to_gymnasium")
        if not described.additional_wrappers:  # Gymnasium refuses to wrap the lanes of what makes a batch at once
            converted.vector_entry_point = f"{__name__}:make_vec({described.id})"
        # Not by gymnasium.register, which would warn of the second time.
        theirs[converted.id] = converted


def to_gymnasium(env: Env[Any, Any] | VectorEnv[Any, Any, Any]) -> Any:
    """An environment, or a batch, of minigym as one of Gymnasium.

    Its attributes can be read and set on the result, or on its ``unwrapped``. What :func:`from_gymnasium` returned
    becomes again what that was given.

    Raises:
        InvalidParameter: if it is none.
        CustomSpaceError: if one of its spaces is of a kind of its own.
        DependencyNotInstalled, Error: as in :func:`register_all`.
    """
    _gymnasium()
    if isinstance(env, MinigymEnv):
        return env._env
    if isinstance(env, VectorEnv):
        return _class("GymnasiumVectorEnv")(env)
    if isinstance(env, Env):
        return _class("GymnasiumEnv")(env)
    raise error.InvalidParameter(
        f"to_gymnasium takes a minigym.Env or a minigym.VectorEnv, got {env!r} of type {type(env).__name__}; write for "
        'instance to_gymnasium(minigym.make("CartPole-v1"))'
    )


def from_gymnasium(env: "gymnasium.Env[Any, Any]") -> Any:
    """An environment of Gymnasium as one of minigym, for its wrappers, its batches and the agents.

    Its attributes can be read and set on the result, or on its ``unwrapped``. What :func:`to_gymnasium` returned
    becomes again what that was given.

    Raises:
        InvalidParameter: if it is none; batches are made anew, of converted environments.
        CustomSpaceError: if one of its spaces is of a kind of its own.
        DependencyNotInstalled, Error: as in :func:`register_all`.
    """
    gymnasium = _gymnasium()
    if isinstance(env, (_GymnasiumEnv, _GymnasiumVectorEnv)):
        return env._env
    if isinstance(env, gymnasium.Env):
        return MinigymEnv(env)
    advice = 'from_gymnasium(gymnasium.make("CartPole-v1"))'
    if isinstance(env, gymnasium.vector.VectorEnv):
        advice = f"minigym.vector.SyncVectorEnv([lambda: {advice}] * {env.num_envs})"
    raise error.InvalidParameter(
        f"from_gymnasium takes a gymnasium.Env, got {env!r} of type {type(env).__name__}; write for instance {advice}"
    )


def space_to_gymnasium(space: spaces.Space[Any]) -> "gymnasium.Space[Any]":
    """The same space made of Gymnasium's classes: it draws what ``space`` would draw next.

    Raises:
        CustomSpaceError: if the space, or a part of it, is none of minigym's own ten kinds.
    """
    result: gymnasium.Space[Any] = twin(space, spaces, _gymnasium().spaces)
    return result


def space_from_gymnasium(space: "gymnasium.Space[Any]") -> spaces.Space[Any]:
    """The same space made of minigym's classes: it draws what ``space`` would draw next.

    Raises:
        CustomSpaceError: if the space, or a part of it, is none of Gymnasium's own ten kinds.
    """
    result: spaces.Space[Any] = twin(space, _gymnasium().spaces, spaces)
    return result


def _gymnasium() -> Any:
    """The real Gymnasium."""
    try:
        import gymnasium
    except ModuleNotFoundError as missing:
        if missing.name != "gymnasium":
            raise
        raise error.DependencyNotInstalled(
            "minigym.compat.gymnasium works with the real Gymnasium, which is not installed: pip install gymnasium"
        ) from missing
    if os.path.abspath(gymnasium.__file__ or "").startswith(_PACKAGE):
        raise error.Error(
            "register_all, to_gymnasium and from_gymnasium need the real Gymnasium, but `import gymnasium` finds "
            "minigym's stand-in; restart (in a notebook: restart the kernel), and leave out "
            "minigym.install_as_gymnasium()"
        )
    return gymnasium


# Environments ---------------------------------------------------------------------------------------------------------


class MinigymEnv(View, Env[Any, Any]):
    """An environment of Gymnasium as one of minigym; made by :func:`from_gymnasium`."""

    def __init__(self, env: "gymnasium.Env[Any, Any]") -> None:
        super().__init__(env, None if env.spec is None else _described(env.spec, "from_gymnasium"))

    @staticmethod
    def _libraries() -> tuple[ModuleType, ModuleType]:
        return spaces, _gymnasium().spaces

    @cached_property
    def mdp(self) -> MDP:
        """The table of the environment inside: its ``mdp``, or its ``P`` and ``initial_state_distrib``.

        Gymnasium's own tables are read once. AttributeError where there is none.
        """
        if self._env.has_wrapper_attr("mdp"):
            table: MDP = self._env.get_wrapper_attr("mdp")
            return table
        num_states = getattr(self.observation_space, "n", None)
        P = self._env.get_wrapper_attr("P")
        if not isinstance(P, (dict, list)) or len(P) != num_states:
            raise AttributeError(f"{self} has an attribute P which is no table of its {num_states} states")
        return MDP.from_P(P, getattr(self, "initial_state_distrib", None))


class _GymnasiumEnv(View):
    """An environment of minigym as one of Gymnasium; made by :func:`to_gymnasium`."""

    def __init__(self, env: Env[Any, Any]) -> None:
        super().__init__(env, None if env.spec is None else _described(env.spec, "to_gymnasium"))

    @staticmethod
    def _libraries() -> tuple[ModuleType, ModuleType]:
        return _gymnasium().spaces, spaces


class _GymnasiumVectorEnv:
    """A batch of minigym as one of Gymnasium; made by :func:`to_gymnasium`."""

    def __init__(self, envs: VectorEnv[Any, Any, Any]) -> None:
        self._env = envs
        self.num_envs = envs.num_envs
        self.render_mode = envs.render_mode
        self.metadata = dict(envs.metadata)
        if "autoreset_mode" in self.metadata:
            mode = vector.AutoresetMode(self.metadata["autoreset_mode"])
            self.autoreset_mode = _gymnasium().vector.AutoresetMode(mode.value)
            self.metadata["autoreset_mode"] = self.autoreset_mode
        for name in ("single_action_space", "single_observation_space", "action_space", "observation_space"):
            setattr(self, name, space_to_gymnasium(getattr(envs, name)))
        self._graphs = has_graphs(envs.single_action_space), has_graphs(envs.single_observation_space)

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> Any:
        observations, infos = self._env.reset(seed=seed, options=options)
        return self._shown(observations), infos

    def step(self, actions: Any) -> Any:
        if self._graphs[0]:
            actions = with_graphs(actions, spaces.GraphInstance)
        observations, rewards, terminations, truncations, infos = self._env.step(actions)
        if "final_obs" in infos:
            infos["final_obs"] = self._shown(infos["final_obs"])
        return self._shown(observations), rewards, terminations, truncations, infos

    def _shown(self, observations: Any) -> Any:
        return with_graphs(observations, _gymnasium().spaces.GraphInstance) if self._graphs[1] else observations

    def render(self) -> Any:
        return self._env.render()

    def close_extras(self, **kwargs: Any) -> None:
        self._env.close(**kwargs)

    np_random = inside("np_random")
    np_random_seed = property(lambda view: view._env.np_random_seed)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # not there while a copy or a pickle is being read
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}, and private ones are not forwarded")
        return getattr(self._env, name)


# Descriptions ---------------------------------------------------------------------------------------------------------

# An entry point such as "minigym.compat.gymnasium:to_gymnasium(minigym.envs.cart_pole.CartPoleEnv)": this module's
# __getattr__ finds what it says. It can be written into JSON, and holds in every process.
_CALL = re.compile(r"(?P<function>to_gymnasium|from_gymnasium|make_vec)\((?P<argument>.+)\)")
_OPPOSITE = {"to_gymnasium": "from_gymnasium", "from_gymnasium": "to_gymnasium"}


class _Creator:
    """The entry point of one library that makes what an entry point of the other one makes, and converts it.

    Args:
        conversion: "to_gymnasium" or "from_gymnasium".
        creator: a class or function that makes an environment, or puts a wrapper around its argument ``env``.
    """

    def __init__(self, conversion: str, creator: Callable[..., Any]) -> None:
        self.conversion = conversion
        self.creator = creator
        if hasattr(creator, "metadata"):  # gymnasium.make reads from it how the environment renders
            self.metadata = creator.metadata

    def __call__(self, **kwargs: Any) -> Any:
        convert, convert_back = (globals()[name] for name in (self.conversion, _OPPOSITE[self.conversion]))
        if isinstance(kwargs.get("env"), (Env, _gymnasium().Env)):
            kwargs["env"] = convert_back(kwargs["env"])
        return convert(self.creator(**kwargs))


def _described(spec: Any, conversion: str) -> Any:
    """The spec of an environment in the one library, as that of the converted environment in the other."""
    kinds = _gymnasium().envs.registration if conversion == "to_gymnasium" else core
    entry_point, is_original = _converted(spec.entry_point, conversion)
    env_id = spec.id
    if conversion == "to_gymnasium" and not is_original:
        env_id = f"minigym-{env_id}" if spec.namespace else f"minigym/{env_id}"
    elif conversion == "from_gymnasium" and is_original:
        env_id = re.sub("^minigym[-/]", "", env_id)
    wrappers = [
        kinds.WrapperSpec(wrapper.name, _converted(wrapper.entry_point, conversion)[0], copy.copy(wrapper.kwargs))
        for wrapper in spec.additional_wrappers
    ]
    return kinds.EnvSpec(
        id=env_id,
        entry_point=entry_point,
        reward_threshold=spec.reward_threshold,
        nondeterministic=spec.nondeterministic,
        max_episode_steps=spec.max_episode_steps,
        order_enforce=spec.order_enforce,
        disable_env_checker=spec.disable_env_checker,
        kwargs=dict(spec.kwargs),
        additional_wrappers=tuple(wrappers),
    )


def _converted(entry_point: Any, conversion: str) -> tuple[Any, bool]:
    """An entry point with the conversion put around it; or with the opposite one taken off, and then True."""
    if isinstance(entry_point, _Creator) and entry_point.conversion != conversion:
        return entry_point.creator, True
    if entry_point is None or callable(entry_point):
        return entry_point and _Creator(conversion, entry_point), False
    module, _, name = entry_point.partition(":")
    call = _CALL.fullmatch(name)
    if module == __name__ and call is not None and call["function"] == _OPPOSITE[conversion]:
        return ":".join(call["argument"].rsplit(".", 1)), True
    return f"{__name__}:{conversion}({module}.{name})", False


def _make_vec(env_id: str, num_envs: int, **kwargs: Any) -> Any:
    """``minigym.make_vec`` for Gymnasium, which has one set of keyword arguments for the lanes and for their batch."""
    described = registration.registry.get(env_id) or registration.spec(env_id)
    mode = kwargs.get("autoreset_mode")
    if mode is not None:
        kwargs["autoreset_mode"] = getattr(mode, "value", mode)
    vector_kwargs = {}
    if described.vector_entry_point is None:  # the arguments of one that computes the whole batch are its own affair
        names = inspect.signature(vector.SyncVectorEnv).parameters
        vector_kwargs = {name: kwargs.pop(name) for name in names if name in kwargs}
    return to_gymnasium(registration.make_vec(described, num_envs, vector_kwargs=vector_kwargs, **kwargs))


def _class(name: str) -> Any:
    """GymnasiumEnv or GymnasiumVectorEnv, made at the first call and kept under its name in this module."""
    if name not in globals():
        gymnasium = _gymnasium()
        view: type = _GymnasiumEnv if name == "GymnasiumEnv" else _GymnasiumVectorEnv
        base: type = gymnasium.Env if name == "GymnasiumEnv" else gymnasium.vector.VectorEnv
        # Of two threads that come at once, the second takes what the first has made.
        globals().setdefault(name, type(name, (view, base), {"__doc__": view.__doc__}))
    return globals()[name]


def __getattr__(name: str) -> Any:
    """What needs Gymnasium, at its first use: the classes, and what entry points name."""
    if name in ("GymnasiumEnv", "GymnasiumVectorEnv"):
        return _class(name)
    call = _CALL.fullmatch(name)
    if call is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if call["function"] == "make_vec":
        return partial(_make_vec, call["argument"])
    module, _, attribute = call["argument"].rpartition(".")
    return _Creator(call["function"], getattr(importlib.import_module(module), attribute))
