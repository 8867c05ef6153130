"""The benchmark measures what it says; how fast is not a matter for a test."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import contestants, machine, process, roofline, throughput
from benchmarks.contestants import CONTESTANTS
from benchmarks.goals import GOALS, Cost, Goal, judge
from benchmarks.process import MeasurementError, in_own_process
from benchmarks.report import goal_table, speed_table

GYMNASIUM = "Gymnasium SyncVectorEnv"


def one_goal(ours: Cost, theirs: Cost, bound: float, at_most: bool = False) -> Goal:
    return Goal("CartPole-v1", "speed", ours, theirs, bound, at_most)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


# Who takes part.


def test_everybody_takes_part_where_it_can() -> None:
    names = {(one.name, lanes) for one, lanes in throughput.entries("FrozenLake-v1", throughput.SIZES)}
    assert {("minigym make", 1), ("minigym Numba", 1_048_576), (GYMNASIUM, 1_024), ("envpool", 64)} <= names
    assert not {("minigym make", 64), (GYMNASIUM, 16_384), ("Gymnasium CartPoleVectorEnv", 64)} & names
    assert [
        (one.name, lanes) for one, lanes in throughput.entries("CartPole-v1", (8,), ("CartPoleVector", "make"))
    ] == [
        ("minigym make", 1),
        ("Gymnasium make", 1),
        ("Gymnasium CartPoleVectorEnv", 8),
    ]


def test_every_goal_is_about_contestants_of_its_task() -> None:
    names = {(one.name, task) for one in CONTESTANTS for task in one.tasks}
    for goal in GOALS:
        assert {(name, goal.task) for name in goal.ours.contestants + goal.theirs.contestants} <= names, goal.what


def test_a_peer_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.importlib.util, "find_spec", lambda package: None if package == "jax" else object())
    monkeypatch.setattr(throughput, "in_own_process", lambda *_, **__: False)  # no GPU
    taking_part = throughput.entries("CartPole-v1", (64,), ("gymnax, scanned", "torch, GPU"))
    rows = throughput.measure("CartPole-v1", taking_part, 1, 1.0, {})
    assert [(row.contestant, row.status, row.why) for row in rows] == [
        ("minigym torch, GPU", "missing", "no CUDA device"),
        ("minigym torch, GPU, compiled", "missing", "no CUDA device"),
        ("gymnax, scanned", "missing", "not installed: jax"),
        ("gymnax, scanned, GPU", "missing", "not installed: jax"),
    ]
    lines = speed_table("CartPole-v1", rows).splitlines()
    assert cells(lines[4]) == ["gymnax, scanned", "missing", ""]
    assert "- missing, not installed: jax: gymnax, scanned (64); gymnax, scanned, GPU (64)" in lines


# Turns.


def test_contestants_take_turns_and_who_fails_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int, str]] = []

    def measured(_: str, name: str, task: str, lanes: int, seconds: float, **options: Any) -> float:
        asked.append((name, lanes, options["environment"]["JAX_PLATFORMS"]))
        if lanes == 1_024:
            raise MeasurementError("RuntimeError: too many")
        return len(asked) * 1e-9

    monkeypatch.setattr(throughput, "in_own_process", measured)
    taking_part = throughput.entries("CartPole-v1", (64, 1_024), (GYMNASIUM, "minigym SyncVectorEnv"))
    rows = throughput.measure("CartPole-v1", taking_part, 3, 1.0, {})
    ours, theirs = ("minigym SyncVectorEnv", 64, "cpu"), (GYMNASIUM, 64, "cpu")
    first_turn = [ours, (ours[0], 1_024, "cpu"), theirs, (GYMNASIUM, 1_024, "cpu")]
    assert asked == [*first_turn, ours, theirs, ours, theirs]
    assert [row.turns for row in rows] == [
        pytest.approx((1.0, 5.0, 7.0)),
        (),
        pytest.approx((3.0, 6.0, 8.0)),
        (),
    ]
    assert rows[0].median == pytest.approx(5.0)
    assert rows[0].spread == pytest.approx(6.0 / 5.0)
    lines = speed_table("CartPole-v1", rows).splitlines()
    assert cells(lines[0]) == ["CartPole-v1, ns a lane-step", "64", "1,024", "best, million steps a second"]
    assert cells(lines[2]) == ["minigym SyncVectorEnv", "5.00 (120%)", "failed", "200"]
    assert f"- failed, RuntimeError: too many: minigym SyncVectorEnv (1,024); {GYMNASIUM} (1,024)" in lines


# Measurements.


def test_a_process_says_why_it_failed() -> None:
    with pytest.raises(MeasurementError, match=r"^ValueError: math domain error|^ValueError: expected a nonneg"):
        in_own_process("math:sqrt", -1)


def test_the_line_that_names_the_exception() -> None:
    text = "Traceback (most recent call last):\n  ...\njax.errors.TracerError: a tracer\nin two lines\n---\nFor ..."
    assert process._last_error(text) == "jax.errors.TracerError: a tracer"
    assert process._last_error("Killed\n") == "Killed"
    assert process._last_error("") == ""


def test_a_process_has_its_core_and_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert in_own_process("os:getenv", "OMP_NUM_THREADS") == "1"
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert in_own_process("os:getenv", "OMP_NUM_THREADS", all_cores=True) is None
    assert in_own_process("os:getenv", "COLOUR", environment={"COLOUR": "red"}) == "red"
    assert "COLOUR" not in os.environ
    if hasattr(os, "sched_getaffinity"):
        assert in_own_process("benchmarks.machine:cores") == 1


def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "TIMEOUT", 0.3)
    with pytest.raises(MeasurementError, match="not done after"):
        in_own_process("time:sleep", 60)


def test_the_fastest_chunk_counts_for_each_lane_step(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, durations = [0.0], iter([9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 3.0, 2.0, 4.0])  # six chunks of warm-up

    def play() -> None:
        clock[0] += next(durations)

    contestant = contestants.Contestant("fake", "", lambda env_id, num_envs: contestants.Chunk(8, play))
    monkeypatch.setattr(contestants, "CONTESTANTS", (contestant,))
    monkeypatch.setattr(contestants.time, "perf_counter", lambda: clock[0])
    assert contestants.measure("fake", "CartPole-v1", 4, 8.0) == pytest.approx(2.0 / (8 * 4))


@pytest.mark.parametrize(
    ("name", "task"),
    [
        (one.name, one.tasks[index % len(one.tasks)])  # both tasks of each would take twice as long
        for index, one in enumerate(CONTESTANTS)
        if one.device == "cpu" and not throughput.why_missing(one)
    ],
)
def test_every_contestant_that_is_here_can_be_measured(name: str, task: str) -> None:
    (lanes, *_) = (lanes for one, lanes in throughput.entries(task, (1_024,)) if one.name == name)
    assert in_own_process("benchmarks.contestants:measure", name, task, lanes, 1e-9) > 0


# Goals.


def test_ratio_of_the_goal() -> None:
    costs = {
        ("CartPole-v1", "minigym Numba", 64): 50.0,
        ("CartPole-v1", "minigym Numba", 1_024): 8.0,
        ("CartPole-v1", "minigym Numba, copy=False", 64): 40.0,
        ("CartPole-v1", "minigym Numba, copy=False", 1_024): 5.0,
        ("CartPole-v1", GYMNASIUM, 64): 4_000.0,
        ("FrozenLake-v1", GYMNASIUM, 64): 1.0,
    }
    at_64 = judge(one_goal(Cost(("minigym Numba",), 64), Cost((GYMNASIUM,), 64), 80), costs)
    assert (at_64.ours, at_64.theirs, at_64.ratio, at_64.without_copies) == (50.0, 4_000.0, 80.0, 100.0)
    assert at_64.word == "reached"
    best = judge(one_goal(Cost(("minigym Numba",), None), Cost((GYMNASIUM, "another"), None), 501), costs)
    assert (best.ours, best.ratio, best.word) == (8.0, 500.0, "**missed**")
    flat = judge(one_goal(Cost(("minigym Numba",), 64), Cost(("minigym Numba",), 1_024), 6.25, at_most=True), costs)
    assert (flat.ratio, flat.without_copies, flat.word) == (6.25, 8.0, "reached")
    unknown = judge(one_goal(Cost(("minigym Numba",), 64), Cost(("envpool",), 64), 50), costs)
    assert (unknown.ratio, unknown.word) == (None, "not measured")
    lines = goal_table([at_64, best, flat, unknown]).splitlines()[2:]
    assert [cells(line)[3:] for line in lines] == [
        ["80.0 x", ">= 80 x", "reached", "100 x"],
        ["500 x", ">= 501 x", "**missed**", "800 x"],
        ["6.25 x", "<= 6.25 x", "reached", "8.00 x"],
        ["", ">= 50 x", "not measured", ""],
    ]


# Roofline.


def test_bytes_of_a_step() -> None:
    pole, lake = roofline.traffic("CartPole-v1"), roofline.traffic("FrozenLake-v1")
    assert 1 / 25 < pole.resets < 1 / 20  # random episodes last 22 steps, and the step of the reset
    assert 1 / 10 < lake.resets < 1 / 7
    # Four numbers, the steps and the action are read; but for the action all are written, and what the step returns.
    assert pole.reads == pytest.approx(4 * 8 + 8 + 8 + pole.resets * 32)
    assert pole.writes == pytest.approx(4 * 8 + 8 + (4 * 4 + 8 + 1 + 1) + pole.resets * 16)
    # State and outcome; a slip is drawn in every step, and its probability is in the infos.
    assert lake.reads == pytest.approx(2 * 8 + 8 + 8 + 32)
    assert lake.writes == pytest.approx(2 * 8 + 8 + (8 + 8 + 1 + 1 + 8) + 16)


def test_distance_to_the_limit() -> None:
    measured = [roofline.Bandwidth("here", core=10e9, all_cores=20e9)]
    costs = {("CartPole-v1", "minigym Numba", roofline.LANES): 25.0}
    lines = roofline.roofline_table(measured, {"CartPole-v1": roofline.Traffic(40.0, 60.0, 0.05)}, costs).splitlines()
    assert cells(lines[2]) == ["here", "10.0 GB/s", "20.0 GB/s"]
    assert cells(lines[6])[1:] == ["40.0 read + 60.0 written", "10.00 ns", "2.5 x", "25.00 ns"]
    assert cells(lines[8])[1:] == ["40.0 read + 60.0 written", "5.00 ns", "", "not measured"]


@pytest.mark.parametrize("threads", [1, 2])
def test_copying_moves_bytes(threads: int) -> None:
    assert roofline.copy_bandwidth(2**20, threads, 0.001) > 0


# The whole.


def test_a_short_run_prints_and_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roofline, "NEAR", 2**20)
    throughput.main(quick=True, contestants=("make", GYMNASIUM), tasks=("FrozenLake-v1",), output_dir=tmp_path)
    document = json.loads((tmp_path / "throughput.json").read_text())
    assert {(row["contestant"], row["lanes"], row["status"]) for row in document["rows"]} == {
        ("minigym make", 1, "measured"),
        ("Gymnasium make", 1, "measured"),
        (GYMNASIUM, 64, "measured"),
        (GYMNASIUM, 1_024, "measured"),
    }
    assert all(row["median"] > 0 for row in document["rows"])
    assert {"processor", "commit", "numpy", "gymnasium", "gymnax"} <= set(document["machine"])
    assert len(document["goals"]) == sum(goal.task == "FrozenLake-v1" for goal in GOALS)
    assert document["command"].endswith(
        "--sizes 64 1024 --tasks FrozenLake-v1 --contestants make 'Gymnasium SyncVectorEnv'"
    )
    written, printed = (tmp_path / "throughput.md").read_text(), capsys.readouterr().out
    assert sorted(file.name for file in tmp_path.iterdir()) == ["throughput.json", "throughput.md"]
    assert document["command"] in written
    assert written.endswith(printed.partition("\n\n")[2])
    assert re.findall("^## (.*)$", printed, flags=re.MULTILINE) == ["FrozenLake-v1", "Goals", "Roofline"]
    for row in (line for line in printed.splitlines() if line.startswith("|")):
        assert row.endswith("|"), row


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"repeats": 0}, "--repeats"),
        ({"seconds": 0.0}, "--seconds"),
        ({"sizes": (1,)}, "--sizes"),
        ({"tasks": ("Pong-v1",)}, "Pong-v1"),
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        throughput.main(**wrong)
