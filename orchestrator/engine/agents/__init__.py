"""Agents at work: ordinary functions over `perform`."""
