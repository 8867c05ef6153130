"""What ``import gymnasium`` finds after ``minigym.install_as_gymnasium("0.29")``, where it differs from 1.x."""
