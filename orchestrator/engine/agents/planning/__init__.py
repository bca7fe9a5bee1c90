"""How agents plan: one short module for each way, all of them conversations of one agent within one set of limits."""
