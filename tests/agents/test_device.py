"""PPO on a device: "cpu:0" is the processor by torch's engine, which takes the way that "cuda" takes.

No GPU was at hand. What a GPU could break beyond this, a tensor that is left on the host and a step that waits for it,
the device "meta" would refuse: its tensors have a shape and a place, but no numbers.
"""

import numpy as np
import pytest
import torch

import agents
import minigym
from agents import ppo
from agents.common.checkpoints import Checkpoint
from agents.common.encoding import encoding
from agents.common.environment import describe
from agents.common.networks import Learner, Network, orthogonal
from agents.common.progress import Progress
from agents.common.tensor_lanes import DeviceLanes, tensor_lanes
from minigym import error
from tests.agents.deep_runs import SMALL, Stopping, choices, generators, make_pole, same, train

DEVICE = "cpu:0"
SEEDS = 7, 8
POLE = describe("CartPole-v1", {"max_episode_steps": 30})
TINY = {"total_steps": 800, "lanes": 3, "batch_steps": 9, "epochs": 2, "minibatches": 2, "checkpoints": 3}


def lanes_on(environment, device=DEVICE, seeds=SEEDS, per_seed=3):
    """Lanes on a device, with what ``ppo.play`` needs: a network that is nearly undecided, and its parameters."""
    encode = encoding("ppo", environment)
    network = Network((encode.inputs, 8, encode.actions + 1))
    theta = network.initial(generators(*seeds), orthogonal, device)
    return tensor_lanes(environment, seeds, per_seed, encode, (), torch.device(device)), network, theta


def played(environment, steps=40, **settings):
    """A batch, and the uniform numbers of which its actions were made."""
    lanes, network, theta = lanes_on(environment)
    batch = ppo.play(network, theta.detach(), lanes, ppo.Config(batch_steps=steps, **settings))
    outputs = network(theta.detach(), batch.observation.flatten(1, 2))
    probability = outputs[..., :-1].softmax(-1).unflatten(1, batch.action.shape[1:])
    return batch, probability, lanes_on(environment)[0].uniform(steps)


# What a batch holds


def test_a_batch_of_poles_follows_the_single_environment():
    limit = 12
    batch, _, _ = played(describe("CartPole-v1", {"max_episode_steps": limit}), reward_scale=0.5)
    with minigym.make("CartPole-v1") as env:
        for seed, lane in np.ndindex(2, 3):
            since = 0
            for step in range(40):
                here = seed, step, lane
                env.reset(seed=0)
                env.unwrapped.state = batch.observation[here].tolist()
                observation, reward, terminated, *_ = env.step(int(batch.action[here]))
                since += 1
                np.testing.assert_allclose(batch.next_observation[here], observation, atol=1e-5)
                assert batch.reward[here] == 0.5 * reward
                assert batch.terminated[here] == terminated
                assert batch.ended[here] == (terminated or since == limit)
                if step < 39:
                    following = batch.observation[seed, step + 1, lane]
                    if batch.ended[here]:
                        assert following.abs().max() <= 0.05  # the first of another episode
                        since = 0
                    else:
                        assert torch.equal(following, batch.next_observation[here])
    assert batch.terminated.any()
    assert (batch.ended & ~batch.terminated).any()
    distances = (batch.next_observation[:, :-1] - batch.observation[:, 1:]).abs().amax(-1)
    assert (distances[batch.ended[:, :-1]] > 0.01).all()  # no last observation is a first one; of some 30, one could be


def test_a_batch_on_the_lake_follows_its_table():
    environment = describe("FrozenLake-v1", {"max_episode_steps": 15})
    batch, _, _ = played(environment)
    assert batch.observation.dtype == batch.next_observation.dtype == torch.float32
    mdp, (state, next_state) = environment.mdp, (one.argmax(-1) for one in (batch.observation, batch.next_observation))
    assert torch.equal(torch.eye(16)[state], batch.observation)
    assert torch.equal(torch.eye(16)[next_state], batch.next_observation)
    for here in np.ndindex(*state.shape):
        pair = int(state[here]), int(batch.action[here])
        possible = mdp.next_state[pair][mdp.probability[pair] > 0].tolist()
        assert int(next_state[here]) in possible
        assert batch.terminated[here] == (int(next_state[here]) in (5, 7, 11, 12, 15))  # the holes and the goal
    follows = torch.where(batch.ended[:, :-1], 0, next_state[:, :-1])
    assert torch.equal(state[:, 1:], follows)
    assert batch.terminated.any()


def test_actions_follow_the_probabilities_of_the_seeds_own_network():
    batch, probability, uniform = played(describe("CartPole-v1"))
    assert torch.equal(batch.action, (probability[..., 0] <= uniform).long())
    assert len({tuple(row) for row in uniform.permute(0, 2, 1).flatten(0, 1).tolist()}) == 6  # each lane its own


def test_permutations_are_of_each_seed_its_own():
    lanes, *_ = lanes_on(describe("CartPole-v1"))
    orders = torch.cat([lanes.permutations(30) for _ in range(2)])
    assert torch.equal(orders.sort(dim=1).values, torch.arange(30).expand(4, 30))
    assert len({tuple(order) for order in orders.tolist()} | {tuple(range(30))}) == 5  # but for chance below 1e-31


def test_the_record_is_what_the_batches_say():
    lanes, network, theta = lanes_on(describe("CartPole-v1", {"max_episode_steps": 20}))
    config = ppo.Config(batch_steps=25, reward_scale=0.5)
    batches = [ppo.play(network, theta.detach(), lanes, config)]
    first = [list(own) for own in lanes.record.returns]  # asked for once on the way, and not after the second batch
    batches += [ppo.play(network, theta.detach(), lanes, config) for _ in range(2)]
    reward, ended = (torch.cat([getattr(one, name) for one in batches], 1) for name in ("reward", "ended"))
    for seed in range(2):
        episodes, returns, lengths = [], np.zeros(3), np.zeros(3, int)
        for step in range(75):
            returns += 2 * reward[seed, step].numpy()
            lengths += 1
            for lane in np.flatnonzero(ended[seed, step]):
                episodes.append((returns[lane], lengths[lane]))
                returns[lane] = lengths[lane] = 0
        assert list(zip(lanes.record.returns[seed], lanes.record.lengths[seed], strict=True)) == episodes
        assert first[seed] == lanes.record.returns[seed][: len(first[seed])]
        assert 0 < len(first[seed]) < len(episodes)
    assert lanes.record.returns[0] != lanes.record.returns[1]


# Where everything lies, and that nothing waits


class GeneratorOfNothing(torch.Generator):
    """For the device "meta", which has no random numbers, only their shapes."""

    def __new__(cls, device):
        return super().__new__(cls, "cpu")


@pytest.mark.parametrize("name", ["CartPole-v1", "FrozenLake-v1", "MountainCar-v0"])
def test_a_batch_and_its_updates_stay_on_the_device_and_ask_it_for_no_number(name, monkeypatch):
    monkeypatch.setattr(torch, "Generator", GeneratorOfNothing)
    lanes, network, theta = lanes_on(describe(name), "meta")
    learner, config = Learner(theta, 0.5), ppo.Config(batch_steps=4, entropy_coefficient=0.1)
    with torch.no_grad():
        batch = ppo.play(network, theta, lanes, config)
        everything = ppo.samples(network, theta, batch, 0.9, 0.9)
    for part in ppo.minibatches(everything, 2, lanes.permutations):
        losses = ppo.loss(network, theta, part, config)
        learner.update(losses, 0.1)
    tensors = (*batch, *everything, losses, learner.theta, learner.healthy, lanes.observation)
    assert {str(tensor.device) for tensor in tensors} == {"meta"}
    with pytest.raises(NotImplementedError):  # the record does ask: so a number that is asked for is seen here
        _ = lanes.record


# Whole runs


def test_what_is_right_in_one_state_and_wrong_in_the_other():
    world = minigym.MDP.from_P(
        {
            0: {0: [(1.0, 1, 1.0, False)], 1: [(1.0, 1, 0.0, False)]},
            1: {0: [(1.0, 1, 0.0, True)], 1: [(1.0, 1, 1.0, True)]},
        }
    )
    learned = train("ppo", world, **SMALL["ppo"], device=DEVICE)
    assert choices("ppo", learned, 2) == [[0, 1]] * 2
    assert not learned.arrays["diverged"].any()
    for returns, lengths in zip(learned.episode_returns, learned.episode_lengths, strict=True):
        assert set(lengths) == {2}
        assert set(returns) == {0, 1, 2}


def test_the_value_after_a_truncation_is_that_of_the_last_observation():
    lanes, network, theta = lanes_on(describe("CartPole-v1", {"max_episode_steps": 1}))
    with torch.no_grad():
        batch = ppo.play(network, theta, lanes, ppo.Config(batch_steps=2))
        everything = ppo.samples(network, theta, batch, 0.9, 1.0)
        value = network(theta, batch.next_observation.flatten(1, 2))[..., -1]
    assert batch.ended.all()
    assert not batch.terminated.any()
    torch.testing.assert_close(everything.value_target, 0.1 + 0.9 * value)


def test_poles_stay_up():
    learned = train("ppo", "CartPole-v1", (1, 2, 3, 4), total_steps=20_000, checkpoints=1, device=DEVICE)
    assert (
        learned.checkpoints["greedy_return"][:, -1].mean() > 150
    )  # of ten seeds: 196 to 486; unlearned some 10 to 100


def test_the_same_seeds_give_the_same_run_and_others_another():
    one, again, other, alone = (
        train("ppo", POLE, seeds=seeds, **TINY, device=DEVICE) for seeds in ((1, 2), (1, 2), (3, 2), (1,))
    )
    assert same(one, again)
    for index, differs in ((0, other), (1, other), (0, alone)):  # as Config says of a seed that is not alone
        assert not np.array_equal(one.arrays["weight_0"][index], differs.arrays["weight_0"][index])


def test_a_run_is_saved_and_loaded_and_a_stopped_one_starts_over(tmp_path, monkeypatch):
    whole = agents.train("ppo", POLE, seeds=2, **TINY, device=DEVICE)
    stopping = Stopping(updates=2)
    monkeypatch.setattr(agents, "Progress", lambda checkpoint: stopping)
    stopped = agents.train("ppo", POLE, seeds=2, run_dir=tmp_path / "run", **TINY, device=DEVICE)
    assert not stopped.learned.finished
    monkeypatch.setattr(agents, "Progress", Progress)
    resumed = agents.resume(tmp_path / "run")
    assert same(resumed.learned, whole.learned)
    loaded = agents.load(tmp_path / "run")
    assert loaded.config.device == DEVICE
    assert same(loaded.learned, whole.learned)


def test_checkpoints_are_kept_on_the_processor_alone(tmp_path):
    for device in ("cpu", DEVICE):
        path = tmp_path / device.replace(":", "")
        train("ppo", POLE, progress=Progress(Checkpoint(path, interval=0.0)), **TINY, device=device)
        assert path.exists() == (device == "cpu")


# Refusals


@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_gpu_that_is_not_there(device, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    message = f"torch finds no CUDA device, got device='{device}'; write device=\"cpu\""
    with pytest.raises(error.InvalidParameter, match=message):
        agents.train("ppo", make_pole, run_dir=tmp_path / "run", device=device)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("device", ["gpu", "meta", "", "cpu:x"])
def test_a_device_that_torch_does_not_find(device):
    with pytest.raises(error.InvalidParameter, match=rf"device must be .*, got '{device}': .+; write device=\"cpu\""):
        agents.train("ppo", "CartPole-v1", device=device)


def test_an_environment_without_a_torch_engine():
    message = r'needs the id of one of minigym\'s own environments or an MDP, got device="cpu:0"; write device="cpu"'
    with pytest.raises(error.InvalidParameter, match=message):
        agents.train("ppo", make_pole, device=DEVICE)


def test_the_processor_keeps_lanes_of_numpy():
    for device, is_device in (("cpu", False), (DEVICE, True)):
        lanes, *_ = lanes_on(describe("CartPole-v1"), device)
        assert isinstance(lanes, DeviceLanes) == is_device
