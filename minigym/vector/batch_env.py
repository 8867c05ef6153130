"""Batches that are computed as one: a world's functions on all lanes at once, in the engine of one's choice."""

import importlib.util
import inspect
import math
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from minigym import error, seeding
from minigym.core import AutoresetMode, RenderFrame, VectorEnv
from minigym.dynamics.checks import finite_number
from minigym.dynamics.world import World
from minigym.envs import CartPoleEnv, FrozenLakeEnv, MountainCarEnv, TabularEnv
from minigym.envs.rendered import reset_bounds
from minigym.spaces import Box, Discrete, Space
from minigym.vector import lanes
from minigym.vector.engine import Settings
from minigym.vector.rollout import LinearPolicy, Policy, Rollout, checked_policy
from minigym.vector.utils import batch_space, checked_actions

BACKENDS = ("numba", "numpy", "torch")


class BatchEnv(VectorEnv[Any, Any, Any]):
    """A batch of one environment, whose world an engine computes; a subclass names the environment's class.

    With the backends "numba" and "numpy" the results, infos included, are those of ``SyncVectorEnv``, bit for bit: lane
    i of a batch seeded with s is the single environment seeded with s + i, whatever the number of lanes and threads.
    "torch" takes and returns tensors: see :class:`minigym.vector.torch_engine.TorchEngine`.

    Args:
        num_envs: how many lanes.
        max_episode_steps: the steps after which an episode is truncated; None for never.
        render_mode: None, "rgb_array" or what else the environment can draw without a window.
        backend: "numba" (compiled, needs the extra ``fast``), "numpy" or "torch" (extra ``deep``); None for "numba"
            where it is installed, else "numpy".
        num_threads: how many threads share the lanes ("numba"); they change no bit, and pay from some 10,000 lanes.
        autoreset_mode: an :class:`AutoresetMode` or its value.
        copy: whether every call returns arrays of its own; False returns the same ones, overwritten each time.
        device, dtype, compile, check_actions: of "torch" alone: where the tensors lie ("cpu", "cuda", ...); the
            precision of the state, "float32" or "float64"; whether to compile the step; whether a GPU waits for a
            check of actions.
        kwargs: the environment's arguments. A physical parameter may be an array of one number a lane.

    Raises:
        InvalidParameter: for another value of these, or of the environment's arguments.
        DependencyNotInstalled: if the backend's package is missing.
    """

    env_class: ClassVar[type[Any]]
    """The single environment; it has a property ``world``, a :class:`minigym.dynamics.world.World`."""

    def __init_subclass__(cls) -> None:
        """Show the environment's arguments as the class's own: ``make_vec`` checks names against the signature."""
        super().__init_subclass__()
        own = [part for part in inspect.signature(BatchEnv.__init__).parameters.values() if part.name != "kwargs"][1:]
        taken = {part.name for part in own}
        others = inspect.signature(cls.env_class).parameters.values()
        keywords = [part.replace(kind=part.KEYWORD_ONLY) for part in others if part.name not in taken]
        cls.__signature__ = inspect.Signature([*own, *keywords])  # type: ignore[attr-defined]

    def __init__(
        self,
        num_envs: int = 1,
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
        *,
        backend: str | None = None,
        num_threads: int = 1,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        copy: bool = True,
        device: Any = None,
        dtype: str | None = None,
        compile: bool = False,
        check_actions: bool = False,
        **kwargs: Any,
    ) -> None:
        self.num_envs = _positive("num_envs", num_envs)
        self.backend = _checked_backend(backend)
        for_torch = {"device": device, "dtype": dtype, "compile": compile, "check_actions": check_actions}
        given = [f"{name}={value!r}" for name, value in for_torch.items() if value not in (None, False)]
        if self.backend != "torch" and given:
            raise error.InvalidParameter(
                f'device, dtype, compile and check_actions belong to backend="torch", got {", ".join(given)} and the '
                f"backend {self.backend!r}"
            )
        if self.backend != "numba" and num_threads != 1:
            raise error.InvalidParameter(f'num_threads belongs to backend="numba", got {num_threads!r}')
        if render_mode == "human":
            raise error.UnsupportedMode(
                f'a {type(self).__name__} opens no window for each lane; make it with render_mode="rgb_array" and show '
                "it in one window with minigym.wrappers.vector.HumanRendering"
            )
        per_lane = {name: np.asarray(value) for name, value in kwargs.items() if self._may_differ(name, value)}
        single = {name: _of_lane_0(per_lane[name]) if name in per_lane else value for name, value in kwargs.items()}
        self._env = self.env_class(render_mode=render_mode, **single)
        self.render_mode = render_mode
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {**self._env.metadata, "autoreset_mode": self.autoreset_mode}
        self.single_action_space: Space[Any] = self._env.action_space
        if not isinstance(self.single_action_space, Discrete) or self.single_action_space.start != 0:
            raise error.InvalidParameter(
                f"a batch engine plays numbered actions, Discrete(n), got {self.single_action_space}; "
                'vectorization_mode="sync" takes any'
            )
        world: World = self._env.world
        self._params = world.params
        for name, values in per_lane.items():
            self._params = self._with_lanes(name, values, world)
        self.max_episode_steps = max_episode_steps
        limit = math.inf if max_episode_steps in (None, -1) else _positive("max_episode_steps", max_episode_steps)
        settings = Settings(
            num_envs=self.num_envs,
            num_actions=int(self.single_action_space.n),
            observation_size=math.prod(self._env.observation_space.shape) if self._env.observation_space.shape else 0,
            observation_dtype=np.dtype(self._env.observation_space.dtype),
            mode=self.autoreset_mode,
            limit=limit,
            copy=bool(copy),
        )
        self._engine = self._made_engine(
            world._replace(params=self._params), settings, _positive("num_threads", num_threads), for_torch
        )
        self._running = False  # whether a step may come: after a reset, and before the end of all
        self._last_actions: Any = None  # for pictures: (num_envs,), -1 where the episode has just begun

    def _may_differ(self, name: str, value: Any) -> bool:
        """Whether it is an array where the single environment has a number: one number a lane, then."""
        parameter = inspect.signature(self.env_class).parameters.get(name)
        is_number = parameter is not None and type(parameter.default) in (int, float)
        return is_number and isinstance(value, np.ndarray) and value.ndim > 0

    def _made_engine(self, world: World, settings: Settings, num_threads: int, for_torch: dict[str, Any]) -> Any:
        """The engine, whose package is imported now."""
        if self.backend == "numba":
            from minigym.vector.numba_engine import NumbaEngine

            return NumbaEngine(world, settings, self._checked_actions, num_threads)
        if self.backend == "torch":
            from minigym.vector.torch_engine import TorchEngine

            return TorchEngine(world, settings, self._checked_actions, **for_torch)
        from minigym.vector.numpy_engine import NumpyEngine

        return NumpyEngine(world, settings, self._checked_actions)

    def _checked_actions(self, actions: Any) -> NDArray[np.int64]:
        valid = np.array(checked_actions(self.action_space, actions), np.int64)
        return valid

    # Spaces of a million lanes are tens of megabytes: they are made when somebody asks.

    @cached_property
    def action_space(self) -> Space[Any]:  # type: ignore[override]  # an attribute in VectorEnv
        """MultiDiscrete (num_envs,)."""
        return batch_space(self.single_action_space, self.num_envs)

    @property
    def single_observation_space(self) -> Space[Any]:  # type: ignore[override]
        """That of lane 0, where the lanes' bounds differ."""
        space: Space[Any] = self._env.observation_space
        return space

    @cached_property
    def observation_space(self) -> Space[Any]:  # type: ignore[override]
        """The batched space, with each lane's own bounds where they differ."""
        bounds = self._env.world.observation_bounds
        if bounds is None or not any(map(np.ndim, self._params)):
            return batch_space(self.single_observation_space, self.num_envs)
        low, high = (
            np.stack([np.broadcast_to(number, self.num_envs) for number in numbers], axis=1, dtype=np.float32)
            for numbers in bounds(self._params)
        )
        return Box(low, high, dtype=np.float32)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        self._check_open()
        if seed is None or isinstance(seed, (Sequence, np.ndarray)):
            seed = None if seed is None else lanes.lane_seeds(seed, self.num_envs)
        else:
            seed = seeding.checked_seed(seed)
        mask = np.ones(self.num_envs, np.bool_)
        if options is not None:
            if not isinstance(options, dict):
                raise error.InvalidParameter(f"options must be a dict or None, got {options!r}")
            if self.backend == "torch" and "reset_mask" in options:
                options = {**options, "reset_mask": _on_host(options["reset_mask"])}
            mask = lanes.reset_mask(options, self.num_envs)
        world = self._engine.world
        low, high = (0.0, 0.0) if world.start_bounds is None else reset_bounds(options, *world.start_bounds)
        if not (self._running or mask.all()):
            raise error.ResetNeeded("a reset of some lanes needs the others to be in an episode: call reset() first")
        result: tuple[Any, dict[str, Any]] = self._engine.reset(mask, seed, low, high)
        self._running = True
        if self.render_mode is not None:
            self._remember(None, mask)
        return result

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        if not self._running:
            self._check_open()
            raise error.ResetNeeded("step() needs an episode in every lane: call reset() first")
        if self.render_mode is None:
            return self._engine.step(actions)  # type: ignore[no-any-return]
        before = self._engine.over
        result: tuple[Any, Any, Any, Any, dict[str, Any]] = self._engine.step(actions)
        begun = before if self.autoreset_mode is not AutoresetMode.SAME_STEP else result[2] | result[3]
        self._remember(actions, begun)
        return result

    def rollout(self, policy: Policy, num_steps: int, *, seed: int | None = None) -> Rollout:
        """Play many steps at once, from the present state on, through every autoreset.

        Args:
            policy: "random" for uniformly random actions; an array of an action for each state, where observations
                are numbered states; a :class:`LinearPolicy`; or a function from the observations of all lanes to their
                actions, which is called once a step. The first three run inside the compiled kernel.
            num_steps: how many steps, T.
            seed: begins the streams of the random actions anew: lane i draws ``int(u * actions)``, with u from
                ``default_rng(SeedSequence(seed, spawn_key=(i,)))``, which no environment shares, whatever its seed.
                Without a seed they run on, at first from anywhere.

        Returns:
            A :class:`Rollout` of arrays (T, num_envs, ...), with ``copy=False`` the same ones whenever T is the same:
            fresh memory can take longer than the steps. The last ``next_observations`` are where the next rollout, or
            step, begins, but for lanes whose episode has just ended.

        Raises:
            ResetNeeded: before the first reset.
            InvalidParameter: for a policy that does not fit, or with autoreset mode "Disabled", where lanes stay over.
            InvalidAction: if the function returns actions outside the space; the steps before have been played.
        """
        if not self._running:
            self._check_open()
            raise error.ResetNeeded("rollout() needs an episode in every lane: call reset() first")
        if self.autoreset_mode is AutoresetMode.DISABLED:
            raise error.InvalidParameter(
                'rollout() plays through the ends of episodes, which needs autoreset_mode="NextStep" or "SameStep"'
            )
        steps = _positive("num_steps", num_steps)
        seed = None if seed is None else seeding.checked_seed(seed)
        size = self._engine.settings.observation_size
        num_states = None if size else int(self._env.observation_space.n)
        if self.backend == "torch":
            policy = LinearPolicy(*map(_on_host, policy)) if isinstance(policy, LinearPolicy) else _on_host(policy)
        kind, policy = checked_policy(policy, self._engine.settings.num_actions, num_states, size)
        played: Rollout = self._engine.rollout(kind, policy, steps, seed)
        if self.render_mode is not None:
            ended = played.terminations[-1] | played.truncations[-1]
            begun = ended if self.autoreset_mode is AutoresetMode.SAME_STEP else played.resets[-1]
            self._remember(played.actions[-1], begun)
        return played

    @property
    def state(self) -> Any:
        """(num_envs, numbers of a state), a copy, and with "torch" a tensor; assign such an array or tensor to set it.

        A table's state has two numbers: the state, and which outcome was drawn last.
        """
        if self.backend == "torch":
            return self._engine.state.T.contiguous()
        return np.array(self._engine.state.T, np.int64 if self._engine.world.is_discrete else np.float64)

    @state.setter
    def state(self, state: Any) -> None:
        if not self._running:
            raise error.ResetNeeded("the state belongs to an episode: call reset() first")
        current = self._engine.state
        numbers = np.asarray(_on_host(state))
        if numbers.shape != current.T.shape or numbers.dtype.kind not in "iuf" or not np.isfinite(numbers).all():
            raise error.InvalidParameter(
                f"state: expected finite numbers in an array of shape {current.T.shape}, got {numbers.dtype} of shape "
                f"{numbers.shape}"
            )
        if self._engine.world.has_tables:
            sizes = self._env.mdp.probability.shape[0], self._env.mdp.probability.shape[2]
            if numbers.dtype.kind == "f" or (numbers < 0).any() or (numbers >= sizes).any():
                raise error.InvalidParameter(
                    f"state: expected integers, a state below {sizes[0]} and an outcome below {sizes[1]} a lane"
                )
        if self.backend == "torch":
            self._engine.set_state(numbers.T)
        else:
            current[...] = numbers.T

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """All that the lanes are, as arrays of numbers: from it, :meth:`restore` goes on to the bit.

        Returns:
            "state" as in :attr:`state`; "elapsed" (num_envs,) int64, the steps of the episode, -1 where it is over;
            "streams" (num_envs, 4) uint64, the words of each lane's PCG64: state and increment, the high one first.
            The streams of a rollout's random actions are no part of it.

        Raises:
            ResetNeeded: before the first reset.
            InvalidParameter: with the backend "torch", which has no snapshots yet.
        """
        self._check_snapshots()
        if not self._running:
            raise error.ResetNeeded("a snapshot needs an episode in every lane: call reset() first")
        engine = self._engine
        elapsed = np.where(engine.over, -1, engine.elapsed).astype(np.int64)
        return {"state": self.state, "elapsed": elapsed, "streams": engine.streams().copy()}

    def restore(self, snapshot: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """Go on from a :meth:`snapshot` of a batch of the same environment with as many lanes, "numba" or "numpy".

        Args:
            snapshot: what the other batch, or this one earlier, returned; other entries are ignored.

        Returns:
            The observations, (num_envs, ...), as the last call before the snapshot returned them.

        Raises:
            InvalidParameter: for a snapshot that does not fit; the batch is then as it was, or was never reset.
        """
        self._check_snapshots()
        num_envs = self.num_envs
        shapes = {"state": (num_envs, self._engine.world.state_size), "elapsed": (num_envs,), "streams": (num_envs, 4)}
        for name, shape in shapes.items():
            got = np.shape(snapshot[name]) if name in snapshot else None
            if got != shape:
                raise error.InvalidParameter(f"the snapshot's {name!r} must have the shape {shape}, got {got}")
        if not self._running:
            self.reset(seed=0)
        self.state = snapshot["state"]
        self._engine.restore(np.asarray(snapshot["elapsed"], np.int64), np.asarray(snapshot["streams"], np.uint64))
        return self._engine.observe()  # type: ignore[no-any-return]

    def _check_snapshots(self) -> None:
        self._check_open()
        if self.backend == "torch":
            raise error.InvalidParameter(
                'the backend "torch" has no snapshots; write vector_kwargs={"backend": "numba"}, or "numpy"'
            )

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Each lane's attribute ``name``: a physical parameter, or what all lanes have in common."""
        if name in ("np_random", "np_random_seed", "state"):
            return tuple(getattr(self, name))
        if name == "s" and self._engine.world.has_tables:  # the state, as TabularEnv calls it
            return tuple(self.state[:, 0].tolist())
        if name == "render":
            return self.render()
        if not self._engine.world.has_tables and name in self._params._fields:
            values = np.broadcast_to(np.asarray(getattr(self._params, name)), self.num_envs).tolist()
            return tuple(values)
        return (self._env.get_wrapper_attr(name),) * self.num_envs

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Each lane's attribute ``name``, as :meth:`get_attr` has it. No single environments are there to be called."""
        values = self.get_attr(name)
        if args or kwargs or callable(values[0]):
            raise error.InvalidParameter(
                f"a batch engine has no environments whose {name} could be called; make the batch with "
                'vectorization_mode="sync"'
            )
        return values

    def set_attr(self, name: str, values: Any) -> None:
        """Set a physical parameter, or the state, of each lane.

        Args:
            name: a parameter's name, in force from the next step on, or "state".
            values: one value for all lanes, or a list, tuple or array with one for each.
        """
        world = self._engine.world
        if name == "state":
            self.state = values
        elif world.has_tables or name not in self._params._fields:
            raise error.InvalidParameter(
                f"{name!r} cannot be set in a batch engine, only 'state'"
                + ("" if world.has_tables else f" and {', '.join(self._params._fields)}")
                + '; vectorization_mode="sync" has single environments'
            )
        else:
            if isinstance(values, (list, tuple, np.ndarray)):
                self._params = self._with_lanes(name, np.asarray(values), world)
            else:
                value = values if isinstance(values, bool) else finite_number(name, values)
                self._params = _checked(self._params._replace(**{name: value}), world)
            self._engine.set_params(self._params)

    def _with_lanes(self, name: str, values: NDArray[Any], world: World) -> Any:
        """The parameters with one of them an array of one number a lane."""
        if world.has_tables or name not in world.params._fields:
            raise error.InvalidParameter(
                f"{name} must be one value for all lanes, got an array; only physical parameters may differ from lane "
                "to lane"
            )
        if values.shape != (self.num_envs,) or values.dtype.kind not in "fiu":
            raise error.InvalidParameter(
                f"{name} must be a number, or an array of one number for each of the {self.num_envs} lanes, got shape "
                f"{values.shape} and dtype {values.dtype}"
            )
        if not np.isfinite(values).all():
            raise error.InvalidParameter(f"{name} must be finite in every lane")
        return _checked(self._params._replace(**{name: values.astype(np.float64)}), world)

    @property  # type: ignore[misc]  # read-only, as in SyncVectorEnv
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]  # one stream a lane
        """The lanes' streams as they are now; drawing from them draws nothing from the batch."""
        generators: tuple[np.random.Generator, ...] = self._engine.generators()
        return generators

    @property
    def np_random_seed(self) -> tuple[int | None, ...]:  # type: ignore[override]  # likewise
        """The seeds of the lanes' streams."""
        seeds: tuple[int | None, ...] = self._engine.seeds
        return seeds

    def render(self) -> tuple[RenderFrame | list[RenderFrame] | None, ...]:
        """What each lane renders."""
        if self.render_mode is None:
            return (self._env.render(),) * self.num_envs  # which says so
        if not self._running:
            raise error.ResetNeeded("render() needs a state: call reset() first")
        frames = []
        params = self._params
        for lane, state in enumerate(self.state.tolist()):
            if not self._engine.world.has_tables:
                self._env._params = params._make(float(n[lane]) if np.ndim(n) else n for n in params)
            action = int(self._last_actions[lane])
            self._env._show(tuple(state), None if action < 0 else action)
            frames.append(self._env.render())
        return tuple(frames)

    def _remember(self, actions: Any, begun: Any) -> None:
        """What pictures show of the last step: the action of each lane, or that its episode has just begun."""
        if actions is not None:
            self._last_actions = np.array(_on_host(actions), np.int64)
        elif self._last_actions is None:
            self._last_actions = np.full(self.num_envs, -1)
        self._last_actions[_on_host(begun)] = -1

    def _check_open(self) -> None:
        if self.closed:
            raise error.ClosedEnvironmentError("the batch was closed; make another one")

    def close_extras(self, **kwargs: Any) -> None:
        """Release the threads, and refuse further steps."""
        self._running = False
        self._engine.close()
        self._env.close()


class CartPoleVectorEnv(BatchEnv):
    """Poles side by side; see :class:`minigym.envs.CartPoleEnv` for the world and :class:`BatchEnv` for the batch."""

    env_class = CartPoleEnv


class FrozenLakeVectorEnv(BatchEnv):
    """Lakes side by side, all with one map; see :class:`minigym.envs.FrozenLakeEnv` and :class:`BatchEnv`."""

    env_class = FrozenLakeEnv


class MountainCarVectorEnv(BatchEnv):
    """Cars side by side; see :class:`minigym.envs.MountainCarEnv` for the world and :class:`BatchEnv` for the batch."""

    env_class = MountainCarEnv


class TabularVectorEnv(BatchEnv):
    """Any MDP side by side: ``TabularVectorEnv(num_envs=1024, mdp=mdp)``; see :class:`minigym.TabularEnv`."""

    env_class = TabularEnv


def _positive(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise error.InvalidParameter(f"{name} must be a positive integer, got {value!r}")
    return int(value)


def _of_lane_0(values: NDArray[Any]) -> Any:
    return values.flat[0].item() if values.size else 0.0  # an empty array is refused once the lanes are counted


def _on_host(value: Any) -> Any:
    """A tensor as an array, and anything else as it is."""
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value


def _checked(params: Any, world: World) -> Any:
    """The parameters, if every lane's are such as the world can have."""
    if world.check_params is not None:
        arrays = {name: number for name, number in params._asdict().items() if np.ndim(number)}
        if not arrays:
            world.check_params(params)
        else:  # each combination once
            for lane in np.unique(np.stack(list(arrays.values()), axis=1), axis=0).tolist():
                world.check_params(params._replace(**dict(zip(arrays, lane, strict=True))))
    return params


def has_numba() -> bool:
    """Whether Numba is installed and compiles (``NUMBA_DISABLE_JIT=1`` says no)."""
    return importlib.util.find_spec("numba") is not None and os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"


def _checked_backend(backend: str | None) -> str:
    if backend is None:
        return "numba" if has_numba() else "numpy"
    if backend not in BACKENDS:
        raise error.InvalidParameter(
            f"backend must be None or one of {', '.join(map(repr, BACKENDS))}, got {backend!r}"
        )
    for package, extra in (("numba", "fast"), ("torch", "deep")):
        if backend == package and importlib.util.find_spec(package) is None:
            raise error.DependencyNotInstalled(
                f'backend="{backend}" needs {package}, which is not installed: pip install "minigym[{extra}]", or take '
                'backend="numpy"'
            )
    if backend == "numba" and not has_numba():
        raise error.InvalidParameter('backend="numba" cannot compile under NUMBA_DISABLE_JIT=1; take backend="numpy"')
    return backend
