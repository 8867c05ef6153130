"""The agents by name: their modules, and their hyperparameters checked. Only the agent asked for is imported."""

import dataclasses
import difflib
import importlib
import operator
import types
import typing
from collections.abc import Iterable, Mapping
from numbers import Real
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Union

from minigym import error

if TYPE_CHECKING:
    from agents.common.environment import Environment


class Agent(NamedTuple):
    """Where an agent lives, and what it is in one line."""

    module: str
    summary: str


AGENTS = {
    "q_learning": Agent("agents.q_learning", "Q-learning, the first of five agents with a table of values"),
    "sarsa": Agent("agents.sarsa", "SARSA: values of the policy that explores, for tables"),
    "expected_sarsa": Agent("agents.expected_sarsa", "SARSA with the expectation over the next action, for tables"),
    "double_q_learning": Agent("agents.double_q_learning", "Q-learning with two tables against its optimism"),
    "monte_carlo": Agent("agents.monte_carlo", "first-visit Monte Carlo control, on-policy, for tables"),
    "ppo": Agent("agents.ppo", "proximal policy optimisation; needs torch"),
    "reinforce": Agent("agents.reinforce", "Monte Carlo policy gradient with a baseline; needs torch"),
    "dqn": Agent("agents.dqn", "deep Q-network with double Q-learning; needs torch"),
}


def module(name: str) -> ModuleType:
    """The agent's own module, with its ``Config``, ``train``, ``policy`` and ``acting``."""
    if name not in AGENTS:
        raise error.InvalidParameter(f"there is no agent named {name!r}; {did_you_mean(name, AGENTS)}")
    return importlib.import_module(AGENTS[name].module)


def configured(name: str, hyperparameters: Mapping[str, Any], environment: "Environment | None" = None) -> Any:
    """The agent's ``Config`` with these hyperparameters, each of the type that the Config names.

    The others are the recipe for the environment: the Config's defaults, some of which an agent that was made for
    vectors replaces by its ``TABLE_RECIPE`` where observations are the states of a table.
    """
    if environment is not None and environment.mdp is not None:
        hyperparameters = {**getattr(module(name), "TABLE_RECIPE", {}), **hyperparameters}
    config_class = module(name).Config
    hints = typing.get_type_hints(config_class)
    valid = [field.name for field in dataclasses.fields(config_class)]
    checked = {}
    for key, value in hyperparameters.items():
        if key not in valid:
            raise error.InvalidParameter(f"{name} has no hyperparameter {key!r}; {did_you_mean(key, valid)}")
        try:
            checked[key] = _checked(value, hints[key])
        except TypeError as problem:
            raise error.InvalidParameter(f"{name}: {key} must be {problem}") from None
    return config_class(**checked)


def did_you_mean(word: str, valid: Iterable[str]) -> str:
    """The end of an error about an unknown name: the nearest valid one, and all of them."""
    valid = list(valid)
    close = difflib.get_close_matches(str(word), valid, n=1)
    every = f"the valid names are {', '.join(valid)}"
    return f"did you mean {close[0]!r}? ({every})" if close else every


def _checked(value: Any, hint: Any) -> Any:
    """``value`` as the annotation ``hint`` wants it; TypeError says what was expected and what came."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        for option in arguments:
            try:
                return _checked(value, option)
            except TypeError:
                continue
        raise TypeError(f"{' or '.join(_described(option) for option in arguments)}, got {_shown(value)}")
    if origin is Literal:
        if value in arguments:
            return value
        raise TypeError(f"one of {', '.join(map(repr, arguments))}, got {_shown(value)}")
    if origin is tuple:  # tuple[int, ...], the one kind that hyperparameters need; JSON brings it back as a list
        if isinstance(value, (tuple, list)):
            return tuple(_checked(item, arguments[0]) for item in value)
        raise TypeError(f"{_described(hint)}, got {_shown(value)}")
    if hint is int and not isinstance(value, bool):
        try:
            return operator.index(value)
        except TypeError:
            pass
        if isinstance(value, float) and value.is_integer():
            raise TypeError(f"an integer, got the float {value!r}; write {int(value)}")
    elif hint is float and isinstance(value, Real) and not isinstance(value, bool):
        return float(value)
    elif hint in (bool, str, types.NoneType) and isinstance(value, hint):
        return value
    raise TypeError(f"{_described(hint)}, got {_shown(value)}")


def _described(hint: Any) -> str:
    names = {int: "an integer", float: "a number", bool: "True or False", str: "a text", types.NoneType: "None"}
    return names.get(hint, str(hint))


def _shown(value: Any) -> str:
    return f"{value!r} of type {type(value).__name__}"
