"""Graphs: drafts, permissions, the pages and the API around them."""
