"""The classic layer against what gym 0.17.3 and 0.21.0 did: see tests/compat/reference/README.md."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigym
from minigym.compat import old_numbers
from minigym.compat.classic import classic_control

ROOT = Path(__file__).parents[2]
REFERENCE = Path(__file__).parent / "reference"
VERSIONS = ("0.17.3", "0.21.0")


def load(directory, version):
    return json.loads((directory / f"gym-{version}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=VERSIONS)
def recordings(request, tmp_path_factory):
    """(version, the real gym's recording, what the same program records when minigym is its gym)."""
    directory = tmp_path_factory.mktemp("recording")
    program = [sys.executable, "-m", "minigym", "run", "--as", f"gym=={request.param}"]
    subprocess.run([*program, str(REFERENCE / "record.py"), str(directory)], cwd=ROOT, check=True)
    return request.param, load(REFERENCE, request.param), load(directory, request.param)


@pytest.mark.parametrize("part", ["streams", "samples", "maps"])
def test_draws_and_texts_are_the_originals(recordings, part):
    _, real, ours = recordings
    assert ours[part] == real[part]


@pytest.mark.parametrize("part", ["registered", "limit"])
def test_every_classic_id_is_registered_as_it_was(recordings, part):
    version, real, ours = recordings
    lakes = {"0.17.3": "v0", "0.21.0": "v1"}[version]
    assert set(real[part]) == {
        f"FrozenLake-{lakes}",
        f"FrozenLake8x8-{lakes}",
        "CartPole-v0",
        "CartPole-v1",
        "MountainCar-v0",
    }
    assert {env_id: ours[part][env_id] for env_id in real[part]} == real[part]


def test_lakes_are_replayed_exactly(recordings):
    """Free running: trajectories, infos, printed text, tables and start distributions."""
    _, real, ours = recordings
    assert len(real["lakes"]) == 2
    for env_id, lake in real["lakes"].items():
        assert ours["lakes"][env_id] == lake


def test_poles_begin_and_describe_themselves_as_they_did(recordings):
    _, real, ours = recordings
    for env_id, pole in real["poles"].items():
        assert ours["poles"][env_id]["facts"] == pole["facts"]
        assert ours["poles"][env_id]["answer"] == pole["answer"]
        assert ours["poles"][env_id]["episodes"][0][0] == pole["episodes"][0][0]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["CartPole-v0", "CartPole-v1", "semi-implicit"])
def test_each_step_of_a_pole_is_replayed_exactly(name, version):
    """From the recorded state, one step gives the recorded bits (why not longer: tests/minigym/test_reference.py)."""
    recording = load(REFERENCE, version)
    pole = recording["poles"][name] if name != "semi-implicit" else recording[name]
    try:
        minigym.install_as_gym(version)
        env = classic_control.CartPoleEnv()
    finally:
        minigym.uninstall_as_gym()
    if name == "semi-implicit":
        env.kinematics_integrator = "semi-implicit euler"
    steps = 0
    for (_, first_state), *rest in pole["episodes"]:
        env.reset()
        state = first_state
        for action, expected, reward, done, info, next_state in rest:
            env.state = state
            observation, *others = env.step(action)
            assert list(env.state) == next_state
            assert str(observation.dtype) == expected["dtype"] == ("float64" if version == "0.17.3" else "float32")
            assert observation.tolist() == expected["values"]
            assert others == [reward, done, info]
            state = next_state
            steps += 1
    assert steps > 150


def test_the_car_begins_and_describes_itself_as_it_did(recordings):
    _, real, ours = recordings
    assert ours["car"]["facts"] == real["car"]["facts"]
    assert ours["car"]["answer"] == real["car"]["answer"]
    assert ours["car"]["episodes"][0][0] == real["car"]["episodes"][0][0]


@pytest.mark.parametrize("version", VERSIONS)
def test_each_step_of_the_car_is_replayed_exactly(version):
    """From the recorded state, as for the pole; after the end of the last episode as well."""
    car = load(REFERENCE, version)["car"]
    try:
        minigym.install_as_gym(version)
        env = classic_control.MountainCarEnv()
    finally:
        minigym.uninstall_as_gym()
    ends = []
    for (_, first_state), *rest in car["episodes"]:
        env.reset()
        state = first_state
        for action, expected, reward, done, info, next_state in rest:
            env.state = state
            observation, *others = env.step(action)
            assert list(env.state) == next_state
            assert str(observation.dtype) == expected["dtype"] == ("float64" if version == "0.17.3" else "float32")
            assert observation.tolist() == expected["values"]
            truncated = info.get("TimeLimit.truncated", False)  # which the wrapper around the original said
            assert others == [reward, done and not truncated, {}]
            state = next_state
        ends.append(others[1])
    assert ends == [True, False, True]
    for observation, reward, done in car["after"]:
        result = env.step(0)
        np.testing.assert_allclose(result[0], observation["values"], atol=1e-6, rtol=0)
        assert (reward, done) == result[1:3]


def test_a_square_is_a_power():
    """Powers and products that differ in the last bit are rare: that some of a thousand do shows the test can fail."""
    numbers = np.random.default_rng(0).normal(size=20_000).tolist()
    classic = [old_numbers._Powered(number) for number in numbers]
    assert [number * number for number in classic] == [number**2 for number in numbers]
    assert [number * 3.0 for number in classic] == [number * 3.0 for number in numbers]
    if sys.platform == "linux":
        assert any(number * number != number**2 for number in numbers)
