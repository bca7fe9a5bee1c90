"""What a step evaluates, and what it can see then."""
