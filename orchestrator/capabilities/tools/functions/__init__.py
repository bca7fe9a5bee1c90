"""Plain Python functions as tools: what they take, what they give, and where they run."""
