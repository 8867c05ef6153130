"""How a network plays, what is left of it after its training, and the policy that is made of that again.

The first outputs belong to the actions; an actor and critic has one more.
"""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from agents.common.encoding import Encoding
from agents.common.lanes import Record
from agents.common.networks import Learner, Network
from agents.common.run import Learned
from agents.common.selection import Act, Selection
from agents.common.threads import torch_threads


def greedy(network: Network, encode: Encoding) -> Act:
    """What takes the action of the largest output: parameters (S, P), observations (S, L, ...) -> actions (S, L)."""

    def act(theta: torch.Tensor, observations: NDArray[Any]) -> NDArray[np.int64]:
        return best_of(_action_outputs(network, encode, theta, observations))

    return act


def best_of(outputs: torch.Tensor) -> NDArray[np.int64]:
    """Outputs (..., actions) -> (...), the action of the largest one."""
    return outputs.argmax(dim=-1).cpu().numpy()


def mean_loss(learner: Learner, losses: torch.Tensor) -> float:
    """For a progress bar: the mean of the losses (S,) over the seeds that have not diverged; NaN without any."""
    return float(losses.detach()[learner.healthy[:, 0]].mean())


def learned(
    network: Network,
    learner: Learner,
    selection: Selection,
    record: Record,
    encode: Encoding,
    steps: NDArray[np.int64],
    finished: bool,
) -> Learned:
    """The result of a training: the last parameters and each seed's best, "weight_0", "bias_0", "best_weight_0", ...

    Args:
        network, learner, selection, record, encode: what was trained, and how it went.
        steps: (S,), the environment steps of each seed.
        finished: False if it was stopped early.
    """
    last = learner.theta.detach().cpu().numpy()
    return Learned(
        arrays={
            **_by_layer(network, last),
            **{f"best_{name}": array for name, array in _by_layer(network, selection.best(last)).items()},
            "observation_shape": np.tile(np.array(encode.shape, np.int64), (len(last), 1)),
            "diverged": ~learner.healthy[:, 0].cpu().numpy(),
        },
        steps=steps,
        episode_returns=[np.array(own, np.float64) for own in record.returns],
        episode_lengths=[np.array(own, np.int64) for own in record.lengths],
        checkpoints=selection.curve,
        finished=finished,
    )


def greedy_policy(
    arrays: Mapping[str, NDArray[Any]],
    index: int,
    activation: Callable[[torch.Tensor], torch.Tensor],
    others: int = 0,
) -> Callable[[Any], Any]:
    """The policy that takes the action of the largest output; see :func:`policy_of`."""
    return policy_of(best_of, arrays, index, activation, others)


def policy_of(
    choose: Callable[[torch.Tensor], NDArray[np.int64]],
    arrays: Mapping[str, NDArray[Any]],
    index: int,
    activation: Callable[[torch.Tensor], torch.Tensor],
    others: int = 0,
) -> Callable[[Any], Any]:
    """A policy that a network was trained for: an observation -> an action, a batch of them -> an array.

    Args:
        choose: the actions' outputs (1, B, actions) -> actions (1, B).
        arrays: those of :func:`learned`.
        index: of which seed.
        activation: the network's.
        others: how many of its outputs, the last ones, belong to no action.
    """
    count = sum(name.startswith("weight_") for name in arrays)
    layers = [(arrays[f"weight_{layer}"][index], arrays[f"bias_{layer}"][index]) for layer in range(count)]
    network = Network((len(layers[0][0]), *(weight.shape[1] for weight, _ in layers)), activation)
    theta = torch.from_numpy(np.concatenate([np.ravel(part) for part in itertools.chain(*layers)])[None])
    shape = tuple(arrays["observation_shape"][index])
    encode = Encoding(shape, network.sizes[0], network.sizes[-1] - others)

    def policy(observation: Any) -> Any:
        with torch_threads(1):  # so small a product is over before a second thread has woken up
            action = choose(_action_outputs(network, encode, theta, np.reshape(observation, (1, -1, *shape))))[0]
        return int(action[0]) if np.ndim(observation) == len(shape) else action

    return policy


def _action_outputs(
    network: Network, encode: Encoding, theta: torch.Tensor, observations: NDArray[Any]
) -> torch.Tensor:
    """Parameters (S, P), observations (S, L, ...) -> the actions' outputs (S, L, actions)."""
    with torch.no_grad():
        outputs = network(theta, torch.from_numpy(encode(observations)).to(theta.device))
    return outputs[..., : encode.actions]


def _by_layer(network: Network, theta: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """``theta`` as a weight (S, inputs, outputs) and a bias (S, 1, outputs) for each layer."""
    return {
        f"{name}_{number}": part.numpy().copy()
        for number, layer in enumerate(network.layers(torch.from_numpy(theta)))
        for name, part in zip(("weight", "bias"), layer, strict=True)
    }
