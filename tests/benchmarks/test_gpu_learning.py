"""The benchmark of many agents on a GPU: what it counts and says; without a GPU it measures nothing."""

import json

import pytest

from benchmarks import gpu_learning
from benchmarks.process import MeasurementError

ROW = {
    "seeds": 2_048,
    "steps": 2_048 * 499_712,
    "processes": 1,
    "device": "cuda",
    "card": "a card",
    "seconds": 97.0,
    "gibibytes": 3.0,
    "mean_greedy_return": 499.0,
    "share_above_475": 0.99,
}


@pytest.mark.parametrize(
    ("changed", "total_steps", "verdict"),
    [
        ({}, 500_000, "reached"),
        ({"seconds": 98.0}, 500_000, "**missed**"),
        ({"seeds": 2_047}, 500_000, "not measured"),
        ({}, 400_000, "not measured"),
        ({"gibibytes": None}, 500_000, "not measured"),  # no GPU
    ],
)
def test_the_goal_is_judged_only_where_it_was_measured(changed, total_steps, verdict):
    text = gpu_learning.table(ROW | changed, total_steps)
    assert text.endswith(f"2,048 seeds of 500,000 steps on a GPU in under 98 s: {verdict}.")


def test_without_a_gpu_it_says_so_and_measures_nothing(monkeypatch):
    asked = []
    monkeypatch.setattr(gpu_learning, "in_own_process", lambda *request: asked.append(request))
    with pytest.raises(SystemExit, match="no GPU: torch finds none, so nothing was measured"):
        gpu_learning.main()
    assert asked == [("benchmarks.contestants:has_cuda", "torch")]


def test_the_seeds_are_divided_among_processes(monkeypatch, tmp_path, capsys):
    asked = []

    def answer(function, device, first, count, total_steps, **options):
        asked.append((first, count))
        own = {"steps": 100 * count, "greedy_returns": [480.0 if first else 100.0] * count}
        return own | {"gibibytes": 1.0 + first, "card": "a card"}

    monkeypatch.setattr(gpu_learning, "in_own_process", answer)
    gpu_learning.main(seeds=5, total_steps=100, seeds_per_process=2, device="xpu", output_dir=tmp_path)
    assert asked == [(0, 2), (2, 2), (4, 1)]
    document = json.loads((tmp_path / "gpu_learning.json").read_text())
    found = {name: document[name] for name in ("steps", "processes", "gibibytes", "mean_greedy_return")}
    assert found == {"steps": 500, "processes": 3, "gibibytes": 5.0, "mean_greedy_return": (2 * 100 + 3 * 480) / 5}
    assert document["share_above_475"] == 3 / 5
    assert capsys.readouterr().out.strip() in (tmp_path / "gpu_learning.md").read_text()


def test_a_process_trains_the_seeds_that_it_is_given():
    found = gpu_learning.training("cpu:0", 3, 2, 1_100)
    assert found["steps"] == 2 * 1_024
    assert len(found["greedy_returns"]) == 2
    assert (found["gibibytes"], found["card"]) == (None, "cpu:0")


def test_who_fails_is_named_with_the_reason(monkeypatch):
    def fail(*request, **options):
        raise MeasurementError("out of memory")

    monkeypatch.setattr(gpu_learning, "in_own_process", fail)
    with pytest.raises(SystemExit, match="seeds 0 to 1 could not be trained: out of memory"):
        gpu_learning.measure(3, 10, 2, "cpu:0")
