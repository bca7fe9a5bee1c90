"""Secrets at rest, and out of everything that people read."""
