"""The benchmark of networks that learn measures what it says; how fast is not a matter for a test."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import agents
from agents.common import evaluation, registry
from benchmarks import learners, learning
from benchmarks.learners import CHECKPOINTS, LEARNERS, SB3_ALONE, SB3_BESIDE, Figures, Learner, PeersWatch
from benchmarks.learning import Row, Turn
from benchmarks.process import MeasurementError


def figures(*scores: float, reached: tuple[int | None, ...] = (), evaluation: float | None = None) -> Figures:
    """As many seeds as scores; seconds to the threshold are steps / 100."""
    steps = list(reached or [None] * len(scores))
    seconds = [None if one is None else one / 100 for one in steps]
    return Figures([1000] * len(scores), list(scores), steps, seconds, evaluation)


def turn(seconds: float, *processes: Figures) -> Turn:
    return Turn(seconds, list(range(sum(len(one.scores) for one in processes))), list(processes))


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_table_shows_medians_and_counts_seeds() -> None:
    first = turn(8.0, figures(475.0, 474.9, reached=(300, None)))
    second = turn(4.0, figures(500.0, 500.0, reached=(200, 400)))
    third = turn(20.0, figures(9.0, 9.0, reached=(None, 900)))
    rows = [
        Row(Learner("minigym", "dqn", seeds=2), [first, second, third]),
        Row(Learner("peer", "dqn"), [turn(6.0, figures(9.0))], "failed: out of memory"),
        Row(Learner("other", "dqn"), why="not installed: other"),
        Row(Learner("weak", "dqn"), why="failed: killed"),
        Row(Learner("late", "dqn")),
    ]
    lines = learning.table(rows).splitlines()
    assert cells(lines[2]) == (
        ["dqn", "minigym", "2", "8.00", "4.00 to 20.0", "4.00", "1,000", "3 of 6", "9.00", "900"]
    )  # of six seeds two never came to the threshold, so the upper one of the two in the middle is at 900 steps
    assert cells(lines[3])[1:] == ["peer", "1", "6.00", "6.00 to 6.00", "6.00", "1,000", "0 of 1", "never", "never"]
    states = [cells(line)[1:4] for line in lines[4:7]]
    assert states == [["other", "1", "missing"], ["weak", "1", "failed"], ["late", "1", "not yet"]]
    assert lines[7:] == [
        "",
        "- peer, dqn, 1: failed: out of memory",
        "- other, dqn, 1: not installed: other",
        "- weak, dqn, 1: failed: killed",
    ]
    assert all(line.count("|") == 11 for line in lines[:7])


def test_a_share_is_that_of_the_quicker_peer() -> None:
    one, many = SB3_ALONE
    rows = [
        Row(Learner("minigym", "ppo"), [turn(3.0, figures(500.0))]),
        Row(Learner("minigym", "ppo", seeds=4), [turn(8.0, figures(*[500.0] * 4))]),
        Row(Learner("minigym", "reinforce"), [turn(8.0, figures(500.0))]),
        Row(Learner(one, "ppo"), [turn(12.0, figures(500.0, evaluation=2.0))]),
        Row(Learner(many, "ppo"), [turn(seconds, figures(500.0, evaluation=4.0)) for seconds in (9.0, 10.0, 30.0)]),
        Row(Learner(SB3_BESIDE, "ppo", processes=2), [turn(16.0, *[figures(500.0, evaluation=4.0)] * 2)]),
        Row(Learner(many, "dqn"), [turn(1.0, figures(500.0, evaluation=0.5))]),
    ]
    lines = learning.share_table(learning.costs(rows)).splitlines()[2:]
    assert [cells(line) for line in lines] == [
        ["ppo", "1", "0.300", "<= 0.2", "**missed**", "0.375", "0.500"],
        ["ppo", "4", "0.200", "", "", "0.250", "0.333"],
    ]


def test_goals_are_asked_of_contestants_that_there_are() -> None:
    present = {(one.agent, one.seeds) for one in LEARNERS if one.who == "minigym"}
    assert set(learning.ASKED) <= present
    assert {one.who for one in LEARNERS if one.agent == "dqn"} >= {*SB3_ALONE, SB3_BESIDE, "CleanRL"}


def test_every_turn_has_seeds_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[list[int], float, dict[str, str]]] = []

    def answered(_: str, who: str, agent: str, seeds: list[int], budget: float, launched: float, **options: Any) -> Any:
        assert time.time() - 60 < launched <= time.time()
        assert options["all_cores"]
        asked.append((seeds, budget, options["environment"]))
        return asdict(figures(*map(float, seeds)))

    monkeypatch.setattr(learning, "in_own_process", answered)
    learner = Learner("peer", "ppo", seeds=2, processes=2, environment={"COLOUR": "red"})
    *_, rows = learning.measure([learner], repeats=2, budget=0.5, limit=1.0)
    red = {"COLOUR": "red"}
    warm_up = [([0, 1], learning.WARM_UP, red), ([2, 3], learning.WARM_UP, red)]
    assert sorted(asked[:2]) == warm_up  # two processes at once, in either order
    assert sorted(asked[2:]) == [([0, 1], 0.5, red), ([2, 3], 0.5, red), ([4, 5], 0.5, red), ([6, 7], 0.5, red)]
    assert [one.seeds for one in rows[0].turns] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert rows[0].every("scores") == [0, 1, 2, 3, 4, 5, 6, 7]
    assert rows[0].seconds_a_seed == pytest.approx(sum(one.seconds for one in rows[0].turns) / 2 / 4)


def test_who_fails_is_not_asked_again_and_keeps_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    def played(learner: Learner, number: int, budget: float, limit: float) -> Turn:
        asked.append((learner.who, number))
        if learner.who == "weak" and len(asked) > 3:
            raise MeasurementError("MemoryError")
        return turn(1.0, figures(500.0))

    monkeypatch.setattr(learning, "play", played)
    names = [Learner("weak", "ppo"), Learner("strong", "ppo"), Learner("absent", "ppo", no_package="it is a script")]
    *_, rows = learning.measure(names, repeats=3, budget=1.0, limit=1.0)
    assert asked == [
        ("weak", 0),
        ("strong", 0),
        ("weak", 0),
        ("strong", 0),
        ("weak", 1),
        ("strong", 1),
        ("strong", 2),
    ]
    assert [(len(row.turns), row.why) for row in rows] == [(1, "failed: MemoryError"), (3, ""), (0, "it is a script")]


def test_a_peer_is_looked_at_as_often_as_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = PeersWatch(lambda _: None, seed=3, total=100)
    played: list[tuple[int, int]] = []
    means = iter([100.0, 474.9, 475.0, *[500.0] * 17])

    def mean_return(seed: int, episodes: int) -> float:
        played.append((seed, episodes))
        return next(means)

    monkeypatch.setattr(watch, "mean_return", mean_return)
    looks = []
    for steps in range(2, 101, 2):
        before = len(played)
        watch.look(steps)
        looks += [steps] * (len(played) - before)
    assert looks == [step + step % 2 for step in range(5, 101, 5)]
    assert watch.reached == 16
    assert set(played) == {(learners._ELSEWHERE + 3, learners.CHECKPOINT_EPISODES)}


def test_ours_is_evaluated_as_peers_are() -> None:
    assert (evaluation.SELECT_EPISODES, evaluation.EPISODES) == (learners.CHECKPOINT_EPISODES, learners.TEST_EPISODES)
    for agent in learners.AGENTS:
        assert registry.module(agent).Config().checkpoints == CHECKPOINTS


def test_ours_reports_each_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[Any] = []
    train = agents.train
    monkeypatch.setattr(agents, "train", lambda *args, **options: trained.append(options) or train(*args, **options))
    found = Figures(**learners.train("minigym", "ppo", [5, 6], 0.03, time.time() - 7.0))
    assert trained == [{"seeds": [5, 6], "total_steps": 2100, "checkpoints": CHECKPOINTS}]
    assert found.steps == [2048, 2048]
    assert len(found.scores) == 2
    assert all(9 < score < 400 for score in found.scores)
    assert found.steps_to_threshold == found.seconds_to_threshold == [None, None]


def test_seconds_to_the_threshold_count_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learners, "THRESHOLD", 9.0)  # of any policy
    began = time.time()
    found = Figures(**learners.train("minigym", "ppo", [0], 0.0205, began - 7.0))
    assert found.steps_to_threshold == [1024]  # the first whole batch; the training is two of them
    (seconds,) = found.seconds_to_threshold
    assert seconds is not None
    assert 7.0 < seconds < 7.0 + time.time() - began


@pytest.mark.parametrize("agent", ["dqn", "ppo"])
def test_the_peer_learns_and_is_watched(agent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("stable_baselines3")
    monkeypatch.setattr(learners, "THRESHOLD", 8.0)  # of any policy
    monkeypatch.setattr(learners, "CHECKPOINTS", 2)
    monkeypatch.setattr(learners, "CHECKPOINT_EPISODES", 2)
    monkeypatch.setattr(learners, "TEST_EPISODES", 2)
    found = Figures(**learners.train(SB3_ALONE[0], agent, [0], 0.004, time.time() - 7.0))
    assert found.steps == [{"dqn": 256, "ppo": 512}[agent]]  # 200 and 400, up to whole batches
    assert found.steps_to_threshold == [{"dqn": 100, "ppo": 200}[agent]]
    (seconds,) = found.seconds_to_threshold
    assert seconds is not None
    assert seconds > 7.0
    assert found.evaluation is not None
    assert found.evaluation > 0
    assert found.scores[0] > 8


def test_a_short_run_prints_and_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def here(_: str, *arguments: Any, **__: Any) -> Any:
        return json.loads(json.dumps(learners.train(*arguments)))

    monkeypatch.setattr(learning, "in_own_process", here)
    monkeypatch.setattr(
        learning, "LEARNERS", (Learner("minigym", "ppo"), Learner("minigym", "ppo", 16), *LEARNERS[-1:])
    )
    names = ("minigym", "PureJaxRL", "a b")
    learning.main(repeats=1, budget=0.02, agents=("ppo",), contestants=names, seeds=(1,), output_dir=tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["learning.json", "learning.md"]
    document, written = json.loads((tmp_path / "learning.json").read_text()), (tmp_path / "learning.md").read_text()
    command = (
        "python -m benchmarks learning --repeats 1 --budget 0.02 --agents ppo --seeds 1 "
        "--contestants minigym PureJaxRL 'a b'"
    )
    assert document["command"] == command
    assert written.startswith(f"# Learning\n\n`{command}`: processor ")
    assert written.endswith(capsys.readouterr().out)
    assert {"processor", "commit", "torch", "stable-baselines3"} <= set(document["machine"])
    ours, peer = document["rows"]
    assert ours["turns"][0]["processes"][0]["steps"] == [1024]
    assert ours["seconds_a_seed"] > 0
    assert (peer["learner"]["who"], peer["turns"]) == ("PureJaxRL", [])
    assert "PureJaxRL, ppo, 1: it is a repository of scripts" in written


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"repeats": 0}, "--repeats must be between 1 and 15"),
        ({"repeats": 16}, "--repeats must be between 1 and 15"),
        ({"budget": 0.01}, "--budget"),
        ({"limit": 0.0}, "--limit"),
        ({"agents": ("sac",)}, "among dqn, reinforce, ppo, got sac"),
        ({"contestants": ("RLlib",)}, "minigym, Stable-Baselines3, one thread"),
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        learning.main(**wrong)
