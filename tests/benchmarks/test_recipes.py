"""``python -m benchmarks recipes``: what it writes of a training that is short."""

import json
from pathlib import Path

import numpy as np
import pytest

from agents.common.evaluation import play_test_episodes
from benchmarks import recipes

SHORT = {"total_steps": 3072, "checkpoints": 3}


@pytest.fixture(scope="module")
def pole():
    return recipes.measure("ppo", "CartPole-v1", [1000, 1001], SHORT)


def test_each_seed_has_its_figures(pole):
    assert pole.seeds == [1000, 1001]
    assert pole.hyperparameters["total_steps"] == 3072
    assert pole.environment_steps == [3072, 3072]
    assert pole.last_solved == [False, False]
    assert set(pole.elsewhere) == set(recipes.ELSEWHERE["CartPole"])
    for figures in (pole.last, pole.best, pole.long, *pole.elsewhere.values()):
        assert len(figures) == 2
        assert all(8 <= steps <= 10_000 for steps in figures)
    assert pole.steps_to_threshold == [None, None]


def test_a_heavy_world_is_another_world(pole):
    assert pole.elsewhere["half the force"] != pole.elsewhere["twice the force"]


def test_a_policy_that_got_there_and_fell_again_is_counted(monkeypatch):
    """One that is there at the first checkpoint, lost at the second; one that gets there last; one that stays."""
    curve = np.array([[480.0, 300.0, 490.0], [10.0, 20.0, 480.0], [480.0, 480.0, 480.0]])
    real = recipes.agents.train

    def trained(*args, **kwargs):
        run = real(*args, **kwargs)
        run.learned.checkpoints["greedy_return"] = curve
        return run

    monkeypatch.setattr(recipes.agents, "train", trained)
    monkeypatch.setattr(recipes.evaluation, "play_test_episodes", lambda env, *args: np.zeros((3, 10)))
    found = recipes.measure("ppo", "CartPole-v1", [1000, 1001, 1002], SHORT)
    assert found.collapsed == [True, False, False]
    assert found.steps_to_threshold == [1024.0, 3072.0, 1024.0]


def test_the_lake_is_measured_exactly():
    short = {"total_steps": 512, "lanes": 4, "batch_steps": 64, "checkpoints": 1}
    lake = recipes.measure("ppo", "FrozenLake-v1 firm", [1000], short)
    assert lake.elsewhere["firm"] == lake.last
    assert lake.elsewhere["1/3 as meant"] != lake.last
    assert lake.long is None


def test_the_best_policy_is_told_from_the_last(monkeypatch):
    """The best one is made to go left for ever, the last one to go down."""
    real = recipes.agents.train

    def trained(*args, **kwargs):
        run = real(*args, **kwargs)
        for name, array in run.learned.arrays.items():
            if "weight" in name or "bias" in name:
                array[:] = 0.0
        last_layer = max(name for name in run.learned.arrays if name.startswith("bias"))
        run.learned.arrays[last_layer][..., 1] = 1.0
        return run

    monkeypatch.setattr(recipes.agents, "train", trained)
    short = {"total_steps": 512, "lanes": 4, "batch_steps": 64, "checkpoints": 1}
    found = recipes.measure("ppo", "FrozenLake-v1", [1000], short)
    worth = {}
    for move, name in ((0, "left"), (1, "down")):
        slippery = recipes.describe("FrozenLake-v1")
        worth[name] = recipes.evaluation.exact_returns(slippery, {}, [lambda states, move=move: states * 0 + move])[0]
    assert worth["down"] != pytest.approx(worth["left"], abs=1e-6)
    assert found.elsewhere["1/3 as meant"] == pytest.approx([worth["down"]], abs=1e-6)
    assert found.best == pytest.approx([worth["left"]], abs=1e-6)


def test_the_files_make_the_table(pole, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(recipes, "measure", lambda *args: pole)
    recipes.main(agent=("ppo",), world=("CartPole-v1",), output_dir=tmp_path)
    table = capsys.readouterr().out
    assert "| `ppo`, CartPole-v1 | 3,072 |" in table
    assert "| 0 of 2 | 0.0% |" in table
    assert "never (never)" in table
    assert table.strip() in (tmp_path / "recipes.md").read_text()
    document = json.loads((tmp_path / "recipes" / "ppo-CartPole-v1.json").read_text())
    assert document["last"] == pole.last
    assert "commit" in document["machine"]


def test_what_is_not_known_is_refused():
    with pytest.raises(SystemExit, match="expected agents of dqn, reinforce, ppo"):
        recipes.main(agent=("q_learning",))


def test_the_last_scores_are_those_of_the_run(pole):
    run = recipes.agents.train("ppo", "CartPole-v1", [1000], **SHORT)
    own = play_test_episodes(run.environment, [run.policy(0)], run.seeds)
    assert pole.last[0] == pytest.approx(own.mean(), abs=1e-6)


def test_the_docs_show_what_the_files_hold():
    root = Path(__file__).parents[2]
    found = recipes.tables(recipes._all_of(root / "benchmarks" / "results"))
    assert found in (root / "benchmarks" / "results" / "recipes.md").read_text()
    assert found in (root / "docs" / "results.md").read_text()
