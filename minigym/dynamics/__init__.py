"""The worlds as pure functions and tables: no state, no random numbers, no drawing."""
