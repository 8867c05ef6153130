"""The recipes: an agent's defaults, and what replaces them where observations are states."""

import dataclasses

import pytest

import agents
from agents import ppo
from agents.__main__ import main
from agents.common import arguments, registry
from agents.common.environment import describe

WITH_TABLE_RECIPE = ("dqn", "ppo")  # of REINFORCE none is known yet that learns the slippery lake


@pytest.mark.parametrize("name", registry.AGENTS)
def test_the_pole_is_learned_with_the_defaults_and_the_lake_with_the_recipe_for_tables(name):
    config_class = registry.module(name).Config
    changed = getattr(registry.module(name), "TABLE_RECIPE", {})
    assert bool(changed) == (name in WITH_TABLE_RECIPE)
    assert registry.configured(name, {}, describe("CartPole-v1")) == config_class()
    assert registry.configured(name, {}, describe("FrozenLake-v1")) == dataclasses.replace(config_class(), **changed)
    assert registry.configured(name, {}) == config_class()


def test_what_is_written_wins_over_the_recipe():
    steps = {"total_steps": 4096, "entropy_coefficient": 0.0}
    run = agents.train("ppo", "FrozenLake-v1", **steps)
    assert dataclasses.asdict(run.config) == dataclasses.asdict(ppo.Config(**ppo.TABLE_RECIPE | steps))
    assert run.config.gae_lambda != ppo.Config().gae_lambda  # the rest of the recipe stays


def test_the_command_line_shows_and_takes_the_recipe_of_the_named_environment(tmp_path, capsys, monkeypatch):
    for env, steps in (("FrozenLake-v1", ppo.TABLE_RECIPE["total_steps"]), ("CartPole-v1", ppo.Config().total_steps)):
        with pytest.raises(SystemExit):
            main(["train", "ppo", "--env", env, "--help"])
        assert f"batches (default: {steps})" in capsys.readouterr().out
    directory = tmp_path / "run"
    options = ["--env=FrozenLake-v1", "--total-steps", "4096", "--run-dir", str(directory)]
    assert main(["train", "ppo", *options]) == 0
    expected = ppo.Config(**ppo.TABLE_RECIPE | {"total_steps": 4096})
    assert dataclasses.asdict(agents.load(directory).config) == dataclasses.asdict(expected)


def test_an_option_is_found_before_anything_is_parsed():
    assert arguments.peeked("--env", ["--seeds", "2", "--env", "A-v0"]) == "A-v0"
    assert arguments.peeked("--env", ["--env=A-v0", "--env-kwargs", "b=1"]) == "A-v0"
    assert arguments.peeked("--env", ["--env-kwargs", "b=1"]) is None
    assert arguments.peeked("--env", ["--seeds", "2", "--env"]) is None
