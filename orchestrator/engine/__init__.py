"""The engine: runs graphs of agents over one log. Imports no framework and nothing of ours outside."""
