"""The directory that ``minigym.install_as_gym`` puts on ``sys.path``; nobody imports it under this name."""
