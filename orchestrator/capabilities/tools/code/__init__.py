"""Looking at code without running it."""
