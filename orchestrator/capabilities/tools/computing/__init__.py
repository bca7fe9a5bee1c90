"""Tools that compute what they give from their arguments alone."""
