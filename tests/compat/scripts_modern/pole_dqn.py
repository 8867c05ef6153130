"""A DQN on the pole in PyTorch, as a tutorial writes it."""

import random
from collections import deque, namedtuple

import gymnasium as gym
import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)
random.seed(0)

Transition = namedtuple("Transition", "state action next_state reward")

env = gym.make("CartPole-v1")
observation, info = env.reset(seed=0)
env.action_space.seed(0)


class Network(nn.Module):
    def __init__(self, n_observations, n_actions):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_observations, 32), nn.ReLU(), nn.Linear(32, n_actions))

    def forward(self, x):
        return self.layers(x)


policy = Network(len(observation), env.action_space.n)
target = Network(len(observation), env.action_space.n)
target.load_state_dict(policy.state_dict())
optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-3, amsgrad=True)
memory = deque(maxlen=2000)


def select_action(state, epsilon):
    if random.random() < epsilon:
        return torch.tensor([[env.action_space.sample()]])
    with torch.no_grad():
        return policy(state).max(1).indices.view(1, 1)


def optimize():
    if len(memory) < 32:
        return
    batch = Transition(*zip(*random.sample(memory, 32), strict=True))
    alive = torch.tensor([state is not None for state in batch.next_state])
    values = policy(torch.cat(batch.state)).gather(1, torch.cat(batch.action))
    next_values = torch.zeros(32)
    with torch.no_grad():
        next_values[alive] = target(torch.cat([s for s in batch.next_state if s is not None])).max(1).values
    loss = nn.SmoothL1Loss()(values, (next_values * 0.99 + torch.cat(batch.reward)).unsqueeze(1))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_value_(policy.parameters(), 100)
    optimizer.step()


durations = []
for episode in range(25):
    observation, info = env.reset()
    state = torch.tensor(observation, dtype=torch.float32).unsqueeze(0)
    steps, done = 0, False
    while not done:
        action = select_action(state, max(0.05, 1 - episode / 15))
        observation, reward, terminated, truncated, _ = env.step(action.item())
        done = terminated or truncated
        next_state = None if terminated else torch.tensor(observation, dtype=torch.float32).unsqueeze(0)
        memory.append(Transition(state, action, next_state, torch.tensor([reward])))
        state = next_state
        optimize()
        steps += 1
    durations.append(steps)
    target.load_state_dict(policy.state_dict())
env.close()
print(durations)
print([float(parameter.double().sum()) for parameter in policy.parameters()])
