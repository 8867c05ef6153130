"""An environment that can be made again and again, and that a run directory can describe."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal, NoReturn

import numpy as np

import minigym
from minigym import error
from minigym.envs.frozen_lake import FrozenLakeEnv

LONGEST_EPISODE = 1_000
"""Steps after which a test episode is cut where the environment has no time limit: a policy may walk in circles."""


@dataclass(frozen=True, eq=False)
class Environment:
    """What the shell knows of an environment, gathered once."""

    make: Callable[[], Any]
    """Makes a fresh one, with its time limit."""
    given_as: Literal["id", "mdp", "callable"]
    name: str
    """The id, or for people what kind of thing it is."""
    kwargs: dict[str, Any]
    """The arguments for ``minigym.make``, of an id."""
    mdp: minigym.MDP | None
    """The table, where there is one and the agent sees its states."""
    rows: tuple[str, ...] | None
    """The map, where it is a lake."""
    max_episode_steps: int | None
    reward_threshold: float | None

    @property
    def horizon(self) -> int:
        """The steps of the longest test episode."""
        return LONGEST_EPISODE if self.max_episode_steps is None else self.max_episode_steps

    @cached_property
    def has_engine(self) -> bool:
        """Whether one of minigym's batch engines steps it: that of its id, or that of a table."""
        if self.given_as == "id":  # what others registered may seed its lanes otherwise, and has no snapshots
            spec = minigym.spec(self.name)
            return str(spec.vector_entry_point).startswith("minigym.vector.") and not spec.additional_wrappers
        return self.given_as == "mdp"

    def make_batch(self, num_envs: int, **options: Any) -> Any:
        """So many of them in one engine; an episode that ends gives way to the next within the same step.

        ``options`` are further ``vector_kwargs``, such as the backend.
        """
        options["autoreset_mode"] = minigym.vector.AutoresetMode.SAME_STEP
        if self.given_as == "mdp":
            return minigym.vector.TabularVectorEnv(num_envs, mdp=self.mdp, **options)
        return minigym.make_vec(self.name, num_envs, vector_kwargs=options, **self.kwargs)

    @cached_property
    def return_is_success(self) -> bool:
        """Whether an undiscounted return is 1 for success and 0 for failure, so that its mean is a probability."""
        if self.mdp is None:
            return False
        pays = (self.mdp.reward != 0) & (self.mdp.probability > 0)
        return bool(np.all(self.mdp.reward[pays] == 1) and np.all(self.mdp.terminated[pays]))

    def to_json(self) -> dict[str, Any]:
        """What ``config.json`` says of it."""
        try:
            json.dumps(self.kwargs)
        except TypeError as problem:
            raise error.InvalidParameter(
                f"to save a run, its env_kwargs must be numbers, texts, and lists or dicts of them: {problem}"
            ) from None
        names = ("given_as", "name", "kwargs", "max_episode_steps", "reward_threshold")
        return {name: getattr(self, name) for name in names}


def describe(env: Any, kwargs: Mapping[str, Any] | None = None) -> Environment:
    """An environment given by id, as an ``MDP``, or as a callable that makes it.

    Args:
        env: one of the three; or what was described before, which is returned: a large table takes seconds to build.
        kwargs: arguments for ``minigym.make``, where ``env`` is an id.
    """
    if isinstance(env, Environment) and not kwargs:
        return env
    if not isinstance(env, str) and kwargs:
        raise error.InvalidParameter(
            f"env_kwargs go to minigym.make and need an environment's id, but env is {env!r}; "
            "put the arguments into the callable instead"
        )
    if isinstance(env, str):
        given = dict(kwargs or {})
        # An id without a version means the latest, which may be another world when the run is loaded.
        module, separator, _ = env.rpartition(":")
        try:
            full_id = f"{module}{separator}{minigym.spec(env).id}"
        except ModuleNotFoundError as problem:
            raise error.InvalidParameter(f"the environment cannot be made: {problem}") from problem
        return _gathered(lambda: minigym.make(full_id, **given), "id", full_id, given)
    if isinstance(env, minigym.MDP):
        return _gathered(lambda: minigym.TabularEnv(env), "mdp", repr(env))
    if not callable(env):
        raise error.InvalidParameter(
            "env must be an environment's id, a minigym.MDP, or a callable that makes an environment, got "
            f"{env!r} of type {type(env).__name__}; write for instance env=lambda: minigym.make('CartPole-v1')"
        )
    return _gathered(env, "callable")


def layers(env: Any) -> list[Any]:
    """The environment's wrappers from the outside, then the environment itself."""
    found = [env]
    while isinstance(found[-1], minigym.Wrapper):
        found.append(found[-1].env)
    return found


def time_limit(env: Any) -> int | None:
    """The steps after which an episode is truncated; None for no limit.

    The wrapper's, wherever it came from; of an environment that is not minigym's, what its spec says.
    """
    limits = [layer._max_episode_steps for layer in layers(env) if isinstance(layer, minigym.wrappers.TimeLimit)]
    if limits:
        return min(limits)
    return None if env.spec is None else env.spec.max_episode_steps


def visible_table(env: Any) -> minigym.MDP | None:
    """The environment's table, where the agent sees its states and takes its actions; else None."""
    mdp = getattr(env.unwrapped, "mdp", None)
    changing = minigym.ObservationWrapper, minigym.ActionWrapper, minigym.wrappers.RepeatAction
    if mdp is None or any(isinstance(layer, changing) for layer in layers(env)):
        return None
    # By their sizes, since inside Gymnasium the spaces are Gymnasium's.
    sizes = getattr(env.observation_space, "n", None), getattr(env.action_space, "n", None)
    return mdp if sizes == (mdp.num_states, mdp.num_actions) else None


def unavailable(described: Mapping[str, Any]) -> Environment:
    """What is left of an environment that cannot be made again, from its :meth:`Environment.to_json`."""

    def make() -> NoReturn:
        raise error.InvalidParameter(
            f"{described['name']} was made by a callable, which a run directory cannot hold; load the run with "
            "agents.load(directory, env=that_callable)"
        )

    return Environment(make=make, mdp=None, rows=None, **described)


def _gathered(
    make: Callable[[], Any],
    given_as: Literal["id", "mdp", "callable"],
    name: str | None = None,
    kwargs: dict[str, Any] | None = None,
) -> Environment:
    try:
        env = make()
    except (TypeError, ModuleNotFoundError) as problem:  # an argument or a module that is not there
        raise error.InvalidParameter(f"the environment cannot be made: {problem}") from problem
    if not (hasattr(env, "reset") and hasattr(env, "step")):
        raise error.InvalidParameter(
            f"the callable env must return an environment, got {env!r}; did you forget `return`?"
        )
    spec = env.spec
    mdp = getattr(env.unwrapped, "mdp", None)
    if mdp is not None:
        # A table of millions of states is not built again only to see that a map that was given gives the same lake.
        map_was_given = type(env.unwrapped) is FrozenLakeEnv and (kwargs or {}).get("desc") is not None
        if given_as != "mdp" and not map_was_given:
            _check_same_world(mdp, make)
        mdp = visible_table(env)
    desc = env.unwrapped.desc if isinstance(env.unwrapped, FrozenLakeEnv) else None
    env.close()
    if name is None:
        name = type(env.unwrapped).__name__ if spec is None else spec.id
    return Environment(
        make=make,
        given_as=given_as,
        name=name,
        kwargs=kwargs or {},
        mdp=mdp,
        rows=None if desc is None else tuple(b"".join(row).decode() for row in desc),
        max_episode_steps=time_limit(env),
        reward_threshold=None if spec is None else spec.reward_threshold,
    )


def _check_same_world(mdp: minigym.MDP, make: Callable[[], Any]) -> None:
    """Refuse an environment that is another one each time it is made (a lake with ``map_name=None``, say)."""
    with make() as second:
        other = second.unwrapped.mdp
    for field in fields(minigym.MDP):
        if not np.array_equal(getattr(mdp, field.name), getattr(other, field.name)):
            raise error.InvalidParameter(
                "the environment has another table each time it is made, so nothing learned in one holds in the next; "
                "draw the map once and pass it on: "
                'env_kwargs={"desc": minigym.envs.frozen_lake.generate_random_map(seed=0)}'
            )
