"""What the tests of the shell share."""

from pathlib import Path

import pytest

from agents.common import registry


@pytest.fixture
def tiny(monkeypatch):
    """The name of an agent that the shell can run in a moment."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.setitem(registry.AGENTS, "tiny", registry.Agent("tiny_agent", "acts at random"))
    return "tiny"
