"""Small networks for many seeds at once, and how they learn.

The parameters of all seeds are one tensor ``theta`` (S, P), a row for each seed. So one product of matrices serves all
of them, the gradient of the sum of their losses is each one's own, and a seed can be held still, copied or saved as
a row.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

Generators = Sequence[np.random.Generator]  # one a seed
Initial = Callable[[np.random.Generator, int, int, bool], tuple[NDArray[np.float64], NDArray[np.float64]]]


class Network(NamedTuple):
    """A fully connected network: what it computes, but not its parameters."""

    sizes: tuple[int, ...]
    """The inputs, the width of each hidden layer, the outputs."""
    activation: Callable[[torch.Tensor], torch.Tensor] = torch.tanh
    """Between the layers, not after the last one."""

    def initial(self, generators: Generators, draw: Initial, device: torch.device | str = "cpu") -> torch.Tensor:
        """The first parameters (S, P), float32: ``draw(generator, inputs, outputs, is_last)`` -> weight, bias."""
        last = len(self.sizes) - 2
        rows = [
            np.concatenate(
                [
                    np.ravel(part)
                    for layer, (inputs, outputs) in enumerate(itertools.pairwise(self.sizes))
                    for part in draw(generator, inputs, outputs, layer == last)
                ]
            )
            for generator in generators
        ]
        return torch.from_numpy(np.array(rows, np.float32)).to(device).requires_grad_()

    def layers(self, theta: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """``theta`` seen as a weight (S, inputs, outputs) and a bias (S, 1, outputs) for each layer."""
        pairs = list(itertools.pairwise(self.sizes))
        parts = theta.split([size for inputs, outputs in pairs for size in (inputs * outputs, outputs)], dim=1)
        return [
            (weight.unflatten(1, (inputs, outputs)), bias.unsqueeze(1))
            for weight, bias, (inputs, outputs) in zip(parts[::2], parts[1::2], pairs, strict=True)
        ]

    def __call__(self, theta: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        """(S, B, inputs) -> (S, B, outputs); each seed meets its own parameters."""
        (weight, bias), *others = self.layers(theta)
        values = torch.baddbmm(bias, inputs, weight)  # bias + inputs @ weight, in one pass over memory
        for weight, bias in others:
            values = torch.baddbmm(bias, self.activation(values), weight)
        return values


def orthogonal(
    generator: np.random.Generator, inputs: int, outputs: int, is_last: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Orthogonal weights (Saxe et al. 2014) times sqrt(2), or 0.01 in the last layer, and biases of 0.

    The small last layer makes all actions about equally likely at first, so that the first episodes explore.
    """
    wide, narrow = max(inputs, outputs), min(inputs, outputs)
    q, r = np.linalg.qr(generator.standard_normal((wide, narrow)))
    q = q * np.sign(np.diag(r))  # or the signs would be those that QR likes, not uniform
    return (0.01 if is_last else math.sqrt(2)) * (q if inputs >= outputs else q.T), np.zeros(outputs)


def uniform(
    generator: np.random.Generator, inputs: int, outputs: int, is_last: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights and biases uniform in +-1/sqrt(inputs)."""
    bound = 1 / math.sqrt(inputs)
    return generator.uniform(-bound, bound, (inputs, outputs)), generator.uniform(-bound, bound, outputs)


class Learner:
    """Parameters that go down their losses, each seed's by Adam: Kingma and Ba (2015), algorithm 1.

    It works element by element, so that one on (S, P) is S of them; the norm to which a gradient is clipped is taken
    for each seed.
    (``torch.optim.Adam`` could not hold one seed still while the others go on.)

    Args:
        theta: (S, P), the first parameters.
        max_norm: to which a longer gradient of a seed is shortened; infinite for never.
        epsilon: of algorithm 1.
    """

    def __init__(self, theta: torch.Tensor, max_norm: float = math.inf, epsilon: float = 1e-8) -> None:
        self.theta = theta
        self.healthy = torch.ones(len(theta), 1, dtype=torch.bool, device=theta.device)
        """(S, 1), False from the first update on whose loss or gradient was not finite: its row stays as it was."""
        self.updates = 0
        self._max_norm, self._epsilon = max_norm, epsilon
        self._mean, self._square = torch.zeros_like(theta), torch.zeros_like(theta)

    def update(self, losses: torch.Tensor, learning_rate: float | torch.Tensor) -> None:
        """One step of every seed down its own loss, (S,), with one learning rate or (S, 1) of them."""
        (gradient,) = torch.autograd.grad(losses.sum(), self.theta)  # no parameter serves two seeds
        with torch.no_grad():
            norm = gradient.norm(dim=1, keepdim=True)
            self.healthy &= (norm + losses.unsqueeze(1)).isfinite()
            if self._max_norm < math.inf:
                gradient *= (self._max_norm / norm).clamp(max=1.0)
            gradient = torch.where(self.healthy, gradient, 0.0)  # always: to ask whether would wait for a device
            self.updates += 1
            self._mean.lerp_(gradient, 0.1)  # beta_1 = 0.9, beta_2 = 0.999, as in the paper
            self._square.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
            scale = (self._square / (1 - 0.999**self.updates)).sqrt_().add_(self._epsilon)
            step = self._mean / scale * (learning_rate / (1 - 0.9**self.updates))
            self.theta -= torch.where(self.healthy, step, 0.0)

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """As a part of a checkpoint."""
        tensors = {"theta": self.theta.detach(), "mean": self._mean, "square": self._square, "healthy": self.healthy}
        return {name: tensor.numpy().copy() for name, tensor in tensors.items()} | {"updates": np.array(self.updates)}

    def restore(self, snapshot: dict[str, NDArray[Any]]) -> None:
        """Go on from a snapshot."""
        with torch.no_grad():
            for name, tensor in (("theta", self.theta), ("mean", self._mean), ("square", self._square)):
                tensor.copy_(torch.from_numpy(snapshot[name]))
        self.healthy = torch.from_numpy(snapshot["healthy"].copy())
        self.updates = int(snapshot["updates"])
