"""The directory that ``minigym.install_as_gymnasium`` puts on ``sys.path``; nobody imports it under this name."""
