"""The one log: its events, and the state that they fold to."""
