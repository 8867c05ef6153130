"""The engine on tensors: a world's functions on all lanes at once, on a processor or on a GPU.

This is the only file of minigym that imports torch.
"""

from collections.abc import Callable
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.core import AutoresetMode
from minigym.dynamics.world import Numbers, Ops, World
from minigym.vector.engine import Settings, any_seed
from minigym.vector.lanes import check_running
from minigym.vector.rollout import Rollout
from minigym.vector.tensor_step import Lanes, TensorStep

if TYPE_CHECKING:
    from torch import Generator, Tensor, dtype


class TorchEngine:
    """A batch of one world in tensors of one device.

    Tensors go in and come out without a visit to the host. What differs from the other engines:

    - Precision: states, rewards, tables and the infos' numbers are in ``dtype``, observations in that of their space. A
      step from the same state equals the single environment's but for rounding, since torch has sines of its own: on
      the CPU in float64 nothing else differs, and 1 unit in the last place of 1 (compiled: 2) is the most that was
      measured. In float32 it is 1.5 of its own. GPUs may round otherwise.
    - Random numbers: all lanes draw from one ``torch.Generator`` on the device, which an int seeds, whichever lanes are
      reset; ``np_random`` does not exist, and ``np_random_seed`` repeats the one seed. Each step draws as many numbers
      for every lane, needed or not. One seed, number of lanes, dtype, device and version of torch make one run. (On
      the CPU torch keeps 32 bits of what is made of the seed.)
    - Actions: a tensor of any integer dtype on the device. A list or an array is copied to it.
    - Infos: with same-step autoreset every step has ``final_obs`` and ``final_info``, tensors over all lanes that count
      where ``_final_obs`` is True.
    - Rollouts: loops over ``step``. Random actions come from a second generator, which their seed begins anew; a
      ``LinearPolicy`` counts in ``dtype``.
    - ``copy`` changes nothing: every call returns new tensors.
    - A step does not wait for a GPU. What does: the check of actions, therefore left out there; autoreset mode
      "Disabled", whose steps check that no lane is over; to reset, or set the state; and pictures.

    No GPU was at hand: "cuda" is written with care and **untested**.

    Args:
        world: the world, whose parameters may be arrays of one number a lane.
        settings: the rest.
        checked: makes valid actions (num_envs,) int64 of a list or an array, or raises InvalidAction.
        device: "cpu", "cuda", "cuda:1" or a ``torch.device``; None for "cpu".
        dtype: "float32" or "float64"; None for "float32".
        compile: whether ``torch.compile`` fuses a step's operations, on a GPU into CUDA graphs. The first step, and the
            first after a parameter was set, then takes many seconds.
        check_actions: whether actions outside the space are refused on a GPU too; unchecked, one does anything.

    Raises:
        InvalidParameter: for another dtype, or a device that torch does not find.
    """

    def __init__(
        self,
        world: World,
        settings: Settings,
        checked: Callable[[Any], NDArray[np.int64]],
        *,
        device: Any = None,
        dtype: Any = None,
        compile: bool = False,
        check_actions: bool = False,
    ) -> None:
        import torch

        name = "float32" if dtype is None else str(dtype).removeprefix("torch.")
        if name not in ("float32", "float64"):
            raise error.InvalidParameter(f'dtype must be "float32" or "float64", got {dtype!r}')
        self._dtype: torch.dtype = getattr(torch, name)
        try:
            # That of a tensor, which is cuda:0 where "cuda" was asked for.
            self._device = torch.empty(0, dtype=self._dtype, device="cpu" if device is None else device).device
            self._generator, self._action_generator = torch.Generator(self._device), torch.Generator(self._device)
        except (RuntimeError, AssertionError, TypeError) as wrong:  # AssertionError: this torch knows no CUDA
            raise error.InvalidParameter(
                f'device must be "cpu", "cuda" or another one that torch finds and that has {name}, got {device!r}: '
                f"{str(wrong).splitlines()[0]}"
            ) from wrong
        self.settings = settings
        self._checked = checked
        self._checks_actions = check_actions or self._device.type == "cpu"
        self._compiles, self._replays = compile, compile and self._device.type == "cuda"
        self._caller_resets = settings.mode is AutoresetMode.DISABLED
        self._seed: int | None = None
        _seeded(self._action_generator, None)
        steps = torch.zeros(settings.num_envs, dtype=torch.int64, device=self._device)
        number = steps if world.is_discrete else steps.to(self._dtype)
        self._lanes = Lanes((number,) * world.state_size, steps, steps > 0)
        self.world = world
        self.set_params(world.params)

    def set_params(self, params: Any) -> None:
        """Put other parameters in force from the next step on."""
        import torch

        self.world = self.world._replace(params=params)
        params = params._make(self._tensor(n) if np.ndim(n) else np.asarray(n).item() for n in params)
        dtype: torch.dtype = getattr(torch, self.settings.observation_dtype.name)

        def to_observations(numbers: Numbers) -> torch.Tensor:
            whole = [number.to(dtype) for number in numbers]
            return torch.stack(whole, dim=1) if self.settings.observation_size else whole[0].clone()

        self._pure = TensorStep(self.world._replace(params=params), _ops(self._dtype), self.settings, to_observations)
        self._advance = self._pure.advance
        if self._compiles:
            # Code of its own for each engine: torch compiles the same code for a few shapes and parameters only.
            code, names = TensorStep.advance.__code__.replace(), TensorStep.advance.__globals__
            own = MethodType(FunctionType(code, names), self._pure)
            self._advance = torch.compile(own, dynamic=False, mode="reduce-overhead" if self._replays else None)

    def __getstate__(self) -> dict[str, Any]:  # without functions, which do not go to other processes
        return {name: value for name, value in self.__dict__.items() if name not in ("_pure", "_advance")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.set_params(self.world.params)

    def _tensor(self, array: NDArray[Any]) -> "Tensor":
        """The array on the device: floats in the engine's precision, integers as int64, which may index."""
        import torch

        kinds = {"f": self._dtype, "b": torch.bool}
        return torch.tensor(array, dtype=kinds.get(array.dtype.kind, torch.int64), device=self._device)

    @property
    def state(self) -> "Tensor":
        """(state size, num_envs), a copy."""
        import torch

        return torch.stack(self._lanes.state)

    def set_state(self, state: NDArray[Any]) -> None:
        """Put every lane where an array (state size, num_envs) says."""
        kind = self._lanes.state[0].dtype
        self._lanes = self._lanes._replace(state=tuple(self._tensor(row).to(kind) for row in state))

    @property
    def over(self) -> "Tensor":
        """(num_envs,) bool, the lanes whose episode is over; no step writes into it."""
        return self._lanes.over  # type: ignore[no-any-return]

    def close(self) -> None:
        """There is nothing to release but memory."""

    @property
    def seeds(self) -> tuple[int | None, ...]:
        """The seed of the one stream, once for each lane; None before the first reset."""
        return (self._seed,) * self.settings.num_envs

    def generators(self) -> tuple[np.random.Generator, ...]:
        """Refuse, since lanes have no streams."""
        raise error.InvalidParameter(
            'the lanes of backend="torch" have no np_random: all draw from one torch.Generator; backend="numba" and '
            '"numpy" have a stream for each lane'
        )

    def reset(
        self, mask: NDArray[np.bool_], seed: int | list[int | None] | None, low: float, high: float
    ) -> "tuple[Tensor, dict[str, Any]]":
        """Begin an episode in the lanes of ``mask``. A seed begins the stream of all lanes anew."""
        if isinstance(seed, list):
            raise error.InvalidSeed(
                f'backend="torch" has one stream for all lanes: expected one seed or None, got {len(seed)} seeds; '
                'backend="numba" and "numpy" have a stream for each lane'
            )
        if seed is not None or self._seed is None:
            self._seed = _seeded(self._generator, seed)
        begun = self._tensor(mask)
        self._lanes = self._pure.begun(self._lanes, begun, self._uniforms(self.world.start_draws), low, high)
        numbers = tuple(begun.to(self._dtype) * value for value in self.world.infos.values())
        return self._pure.observed(self._lanes.state), self._named(numbers, begun)

    def step(self, actions: Any) -> tuple[Any, ...]:
        """See :meth:`minigym.VectorEnv.step`."""
        return self._step(self._valid(actions))

    def _valid(self, actions: Any) -> "Tensor":
        """(num_envs,) int64 on the device; InvalidAction says what is wrong with others."""
        import torch

        if not isinstance(actions, torch.Tensor):
            return self._tensor(self._checked(actions))
        shape, kind, elsewhere = (self.settings.num_envs,), actions.dtype, actions.device != self._device
        if actions.shape != shape or kind.is_floating_point or kind.is_complex or elsewhere:
            raise error.InvalidAction(
                f"expected integers in a tensor of shape {shape} on {self._device}, one action for each lane, got "
                f"shape {tuple(actions.shape)} and dtype {kind} on {actions.device}"
                + (f"; write actions.to({str(self._device)!r})" if elsewhere else "")
                + ("; write for instance actions.long()" if kind.is_floating_point else "")
            )
        valid = actions.to(torch.int64)
        if self._checks_actions:
            least, most = valid.aminmax()
            if least < 0 or most >= self.settings.num_actions:
                self._checked(valid.cpu().numpy())  # which says where
        return valid

    def _step(self, actions: "Tensor") -> tuple[Any, ...]:
        import torch

        if self._caller_resets and self._lanes.over.any():
            check_running(self._lanes.over.tolist())
        uniforms = self._uniforms(self._pure.draws)
        if self._replays:  # CUDA graphs write into the same memory each time
            torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
            self._lanes, outcome = _copied(self._advance(self._lanes, actions, uniforms))
        else:
            self._lanes, outcome = self._advance(self._lanes, actions, uniforms)
        infos = self._named(outcome.infos, torch.ones_like(outcome.terminations) if outcome.infos else None)
        if self.settings.same_step:
            ended = outcome.terminations | outcome.truncations
            infos["final_obs"], infos["_final_obs"] = outcome.final_observations, ended
            infos["final_info"], infos["_final_info"] = self._named(outcome.final_infos, ended), ended.clone()
        return outcome.observations, outcome.rewards, outcome.terminations, outcome.truncations, infos

    def _named(self, numbers: Numbers, mask: Any) -> dict[str, Any]:
        """Infos by their keys, and the lanes that have them."""
        infos: dict[str, Any] = {}
        for key, number in zip(self.world.infos, numbers, strict=True):
            infos[key], infos[f"_{key}"] = number, mask.clone()
        return infos

    def _uniforms(self, count: int) -> Numbers:
        """As many tensors (num_envs,) of numbers in [0, 1)."""
        import torch

        shape = count, self.settings.num_envs
        return torch.rand(shape, generator=self._generator, dtype=self._dtype, device=self._device).unbind()

    def rollout(self, kind: str, policy: Any, num_steps: int, seed: int | None) -> Rollout:
        """Play ``num_steps`` steps; ``kind`` and ``policy`` are those of :func:`checked_policy`."""
        import torch

        arrays = [self._tensor(array) for array in {"table": (policy,), "linear": policy}.get(kind, ())]
        many, count = self.settings.num_actions, (self.settings.num_envs,)
        choose: Callable[[Any], Any] = {
            "random": lambda _: torch.randint(many, count, generator=self._action_generator, device=self._device),
            "table": lambda observations: arrays[0][observations],
            "linear": lambda observations: torch.addmm(arrays[1], observations.to(self._dtype), arrays[0]).argmax(1),
            "function": lambda observations: self._valid(policy(observations.clone())),
        }[kind]
        if seed is not None:
            _seeded(self._action_generator, seed, spawn_key=(0,))  # a stream that no environment has
        latest = self._pure.observed(self._lanes.state)
        columns: list[Tensor] = []
        for time in range(num_steps):
            before, resets, actions = latest, self._lanes.over, choose(latest)
            latest, *results, infos = self._step(actions)
            row = (before, actions, results[0], infos.get("final_obs", latest), *results[1:], resets)
            columns = columns or [part.new_empty((num_steps, *part.shape)) for part in row]
            for column, part in zip(columns, row, strict=True):
                column[time] = part
        return Rollout(*columns)


def _ops(kind: "dtype") -> Ops:
    """The functions of worlds, on tensors. A choice between two Python floats is of this dtype."""
    import torch

    def where(condition: Any, if_true: Any, if_false: Any) -> Any:
        if isinstance(if_true, float) and isinstance(if_false, float):  # from which torch would make float32
            if_true = torch.full((), if_true, dtype=kind, device=condition.device)
        return torch.where(condition, if_true, if_false)

    def search(values: Any, x: Any) -> Any:
        return torch.searchsorted(values, x, right=True)

    return Ops(sin=torch.sin, cos=torch.cos, where=where, search=search)


def _seeded(generator: "Generator", seed: int | None, spawn_key: tuple[int, ...] = ()) -> int:
    """Begin the stream anew; the seed, from the system's entropy where there is none."""
    seed = any_seed() if seed is None else seed
    # Spread over all bits: torch on the CPU looks at the lowest 32 alone.
    generator.manual_seed(int(np.random.SeedSequence(seed, spawn_key=spawn_key).generate_state(1, np.uint64)[0]))
    return seed


def _copied(parts: Any) -> Any:
    """New tensors, in the same tuples."""
    if isinstance(parts, tuple):
        copies = map(_copied, parts)
        return tuple(copies) if type(parts) is tuple else type(parts)(*copies)
    return parts if parts is None else parts.clone()
