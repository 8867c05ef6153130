"""One network that is both actor and critic: logits of the actions, and in its last output the value of the state."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from agents.common.deep import policy_of
from agents.common.networks import Network
from agents.common.run import Acting


def heads(network: Network, theta: torch.Tensor, observations: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The two heads, of observations (S, B, inputs).

    Returns:
        The log-probabilities (S, B, actions), and the values (S, B).
    """
    outputs = network(theta, observations)
    return outputs[..., :-1].log_softmax(dim=-1), outputs[..., -1]


def drawn(log_probabilities: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """(...,): of log-probabilities (..., actions) the first whose cumulative probability exceeds a uniform number."""
    cumulative = log_probabilities.exp().cumsum(dim=-1)[..., :-1]  # the last takes what rounding leaves
    return (cumulative <= uniform.unsqueeze(-1)).sum(dim=-1)


def sampled(
    arrays: Mapping[str, NDArray[Any]],
    index: int,
    activation: Callable[[torch.Tensor], torch.Tensor],
    generator: np.random.Generator,
) -> Acting:
    """The policy itself, of which the greedy one takes only the likeliest action; arguments as of ``policy_of``."""

    def choose(outputs: torch.Tensor) -> NDArray[np.int64]:
        uniform = torch.from_numpy(generator.random(outputs.shape[:-1], np.float32))
        return drawn(outputs.log_softmax(dim=-1), uniform).numpy()

    return Acting(policy_of(choose, arrays, index, activation, others=1), "each action drawn from its probabilities")


def taken(log_probabilities: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
    """(S, B): the log-probability of the action (S, B) that was taken."""
    return log_probabilities.gather(-1, action.unsqueeze(-1)).squeeze(-1)


def entropy(log_probabilities: torch.Tensor) -> torch.Tensor:
    """(S, B): how undecided the policy is, from 0 to ln(actions)."""
    return -(log_probabilities.exp() * log_probabilities).sum(dim=-1)
