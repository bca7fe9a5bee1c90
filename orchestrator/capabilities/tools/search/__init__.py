"""Searching: the web by a provider, and what is shipped with Baton without one."""
