"""Networks of many seeds at once, and their learner, beside the same written for one seed with ``torch.nn``."""

import math

import numpy as np
import pytest
import torch

from agents.common.networks import Learner, Network, orthogonal, uniform
from tests.agents.deep_runs import generators, plain_network, plain_theta

NETWORK = Network((4, 16, 8, 3))


def inputs(seeds, batch=32, size=4):
    return torch.from_numpy(np.random.default_rng(0).normal(size=(seeds, batch, size)).astype(np.float32))


@pytest.mark.parametrize(("activation", "plain"), [(torch.tanh, torch.nn.Tanh), (torch.relu, torch.nn.ReLU)])
def test_each_seed_meets_its_own_parameters(activation, plain):
    network = Network((4, 16, 8, 3), activation)
    theta = network.initial(generators(1, 2), uniform)
    outputs = network(theta, inputs(2))
    assert outputs.shape == (2, 32, 3)
    for seed in range(2):
        expected = plain_network(network, theta, seed, plain)(inputs(2)[seed])
        torch.testing.assert_close(outputs[seed], expected, rtol=1e-5, atol=1e-6)


def test_the_first_parameters_are_each_seeds_own():
    for draw in (uniform, orthogonal):
        together, alone = (NETWORK.initial(generators(*seeds), draw) for seeds in ((1, 2), (2,)))
        assert together.dtype == torch.float32
        assert together.requires_grad
        assert together.shape == (2, 4 * 16 + 16 + 16 * 8 + 8 + 8 * 3 + 3)
        assert torch.equal(together[1], alone[0])
        assert not torch.equal(together[0], together[1])


def test_uniform_fills_its_bounds():
    network = Network((4, 100, 2))
    ((weight, bias), (last_weight, last_bias)) = network.layers(network.initial(generators(1, 2), uniform).detach())
    for part, bound in ((weight, 1 / 2), (bias, 1 / 2), (last_weight, 1 / 10)):
        # Of 200 numbers or more none is in the outer fifth with probability below 0.8^200 < 1e-19.
        assert 0.8 * bound < part.abs().max() <= bound
        assert part.min() < 0 < part.max()
    assert last_bias.abs().max() <= 1 / 10


def test_orthogonal_is_orthogonal_and_small_at_the_end():
    theta = NETWORK.initial(generators(1, 2), orthogonal).detach()
    layers = NETWORK.layers(theta)
    for seed in range(2):
        for number, (weight, bias) in enumerate(layers):
            gain = 0.01 if number == 2 else math.sqrt(2)
            rows, columns = weight[seed].shape
            gram = weight[seed] @ weight[seed].T if rows <= columns else weight[seed].T @ weight[seed]
            torch.testing.assert_close(gram, gain**2 * torch.eye(min(rows, columns)), rtol=1e-5, atol=1e-6)
            assert not bias.any()


def test_orthogonal_takes_every_direction_alike():
    # Without the correction of its signs QR would make the first entry of each of 400 matrices negative (LAPACK's
    # choice). With it each sign is a fair coin; below 140 of 400 is six standard deviations off (false alarms: 2e-9).
    signs = [orthogonal(generator, 3, 3, False)[0][0, 0] > 0 for generator in generators(*range(400))]
    assert 140 < sum(signs) < 260


# The learner


def losses_of(network, theta, target, data, poisoned=None):
    """(S,): squared errors, of unlike size for each seed; NaN for the poisoned one."""
    losses = (network(theta, data) - target).square().mean(dim=(1, 2))
    return losses if poisoned is None else losses * torch.where(torch.arange(len(theta)) == poisoned, math.nan, 1.0)


def targets(seeds):
    scale = torch.tensor([0.1, 10.0, 100.0])[:seeds, None, None]
    return scale * torch.from_numpy(np.random.default_rng(1).normal(size=(seeds, 32, 3)).astype(np.float32))


@pytest.mark.parametrize("max_norm", [math.inf, 0.5])
@pytest.mark.parametrize("epsilon", [1e-8, 1e-5])
def test_one_learner_of_all_seeds_is_an_adam_for_each(max_norm, epsilon):
    learner = Learner(NETWORK.initial(generators(1, 2, 3), uniform), max_norm, epsilon)
    data, target = inputs(3), targets(3)
    plain = [plain_network(NETWORK, learner.theta, seed, torch.nn.Tanh) for seed in range(3)]
    optimizers = [torch.optim.Adam(network.parameters(), eps=epsilon) for network in plain]
    clipped = []
    for update in range(20):
        learning_rate = 0.01 * (1 - update / 20)
        learner.update(losses_of(NETWORK, learner.theta, target, data), learning_rate)
        for seed, (network, optimizer) in enumerate(zip(plain, optimizers, strict=True)):
            optimizer.param_groups[0]["lr"] = learning_rate
            optimizer.zero_grad()
            (network(data[seed]) - target[seed]).square().mean().backward()
            clipped.append(torch.nn.utils.clip_grad_norm_(network.parameters(), max_norm) > max_norm)
            optimizer.step()
    if max_norm == 0.5:
        assert any(clipped[0::3]) < all(clipped[2::3])  # the first seed's gradients are short, the last one's are long
    for seed, network in enumerate(plain):
        torch.testing.assert_close(learner.theta[seed].detach(), plain_theta(network), rtol=2e-4, atol=1e-5)
    assert learner.updates == 20
    assert learner.healthy.tolist() == [[True]] * 3


def test_each_seed_may_have_its_own_learning_rate():
    first = NETWORK.initial(generators(1, 2), uniform)
    learner = Learner(first.detach().clone().requires_grad_())
    learner.update(losses_of(NETWORK, learner.theta, targets(2), inputs(2)), torch.tensor([[0.01], [0.0]]))
    assert torch.equal(learner.theta[1], first[1])
    # Adam's first step is the learning rate in the direction of each sign, but where a gradient is about epsilon.
    assert (learner.theta[0] - first[0]).abs().median().item() == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("max_norm", [math.inf, 0.5])
def test_a_seed_that_meets_a_nan_is_held_still_and_the_others_bits_are_unchanged(max_norm):
    runs = {}
    for poisoned in (None, 1):
        learner = Learner(NETWORK.initial(generators(1, 2, 3), uniform), max_norm)
        for update in range(6):
            before = learner.theta.detach().clone()
            now = poisoned if update == 2 else None
            learner.update(losses_of(NETWORK, learner.theta, targets(3), inputs(3), now), 0.01)
            moved = (learner.theta != before).any(dim=1).tolist()
            healthy = poisoned is None or update < 2  # and it stays so: one good loss after a NaN says nothing
            assert moved == learner.healthy[:, 0].tolist() == [True, healthy, True]
        runs[poisoned] = learner.snapshot()
    for name, values in runs[1].items():
        assert np.isfinite(values).all()
        if name != "updates":
            assert values[[0, 2]].tobytes() == runs[None][name][[0, 2]].tobytes()


@pytest.mark.parametrize("scale", [math.inf, 1e30])
def test_an_exploding_gradient_counts_as_divergence_too(scale):
    learner = Learner(NETWORK.initial(generators(1, 2), uniform), 0.5)
    before = learner.theta.detach().clone()
    losses = losses_of(NETWORK, learner.theta, targets(2), inputs(2))
    learner.update(losses * torch.tensor([1.0, scale]), 0.01)
    assert learner.healthy.tolist() == [[True], [False]]
    assert torch.equal(learner.theta[1], before[1])


def test_a_learner_goes_on_from_its_snapshot_to_the_bit():
    def updated(learner, updates, poisoned=None):
        for _ in range(updates):
            learner.update(losses_of(NETWORK, learner.theta, targets(3), inputs(3), poisoned), 0.01)
        return learner

    def fresh():
        return Learner(NETWORK.initial(generators(1, 2, 3), uniform), 0.5)

    whole = updated(updated(fresh(), 4, poisoned=1), 5)
    half = updated(fresh(), 4, poisoned=1)
    snapshot = half.snapshot()
    updated(half, 1)  # the snapshot is its own
    rest = fresh()
    theta = rest.theta
    rest.restore(snapshot)
    assert rest.theta is theta  # who holds the parameters goes on with them
    updated(rest, 5)
    for name, values in whole.snapshot().items():
        assert values.tobytes() == rest.snapshot()[name].tobytes()
    assert rest.healthy.tolist() == [[True], [False], [True]]
