"""minigym seen from outside: as the old Gym (``install``, ``classic``)."""
