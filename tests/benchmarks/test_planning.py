"""``python -m benchmarks planning``, on the smallest lake: each method is measured, and a missing peer is named."""

import json

import pytest

from benchmarks import planning


def test_every_method_of_ours_is_measured(monkeypatch):
    monkeypatch.setattr(planning, "REPEATED_FOR", 0.0)
    for method in planning._OURS:
        figures = planning.measure_here(f"minigym {method}", 4, 0.99)
        assert figures["start_value"] == pytest.approx(0.542026, abs=1e-6)
        assert 0 < figures["bound"] <= planning.RELATIVE
        assert figures["seconds"] > 0
        assert figures["mebibytes"] > 10


def test_the_same_run_measures_ours_and_names_the_peers_that_are_missing(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(planning, "_OURS", ("gauss_seidel",))
    monkeypatch.setattr(planning, "_is_installed", lambda name: False)
    planning.main(sizes=(4,), gamma=0.9, repeats=1, output_dir=tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("| 4x4 | minigym gauss_seidel | ")
    assert "0.0688909" in lines[2]
    assert [line.split(" | ")[1:3] for line in lines[3:]] == [[name, "not installed"] for name in planning._PEERS]
    document = json.loads((tmp_path / "planning.json").read_text())
    assert [row["solver"] for row in document["rows"]] == ["minigym gauss_seidel", *planning._PEERS]
    assert (tmp_path / "planning.md").read_text().startswith("`python -m benchmarks planning --gamma 0.9 --repeats 1`")


def test_a_contestant_that_fails_is_named_with_its_reason(monkeypatch):
    monkeypatch.setattr(planning, "_PEERS", {})
    [row] = planning._measure(["minigym magic"], 4, 0.9, 2, 60.0)
    assert row.seconds is None
    assert row.note.startswith("failed: minigym.error.InvalidParameter: there is no method 'magic'")
    [row] = planning._measure(["minigym gauss_seidel"], 4, 0.9, 1, 0.01)
    assert row.note == "failed: not done after 0.01 s"


def test_the_best_of_what_is_repeated_counts(monkeypatch):
    """The clock is a list: the second of three solutions is the fastest; after 1.5 seconds that is all."""
    times = iter([0.0, 0.0, 0.5, 0.5, 0.5, 0.75, 0.75, 0.75, 1.5, 1.5])
    monkeypatch.setattr(planning, "REPEATED_FOR", 1.5)
    monkeypatch.setattr(planning.time, "perf_counter", lambda: next(times))
    monkeypatch.setattr(planning, "solver", lambda *_: lambda: (1.0, None))
    assert planning.measure_here("any", 4, 0.9)["seconds"] == 0.25
    assert next(times, None) is None
