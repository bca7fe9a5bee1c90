"""Evaluating what people wrote where it can be stopped: in slim processes with limits of time and memory.

Nothing in them can reach a secret: they get an empty environment, and of a tenant only the one piece of work.
"""
