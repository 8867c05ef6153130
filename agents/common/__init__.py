"""Parts that two agents share, or the shell around them needs; never a learning loop."""
