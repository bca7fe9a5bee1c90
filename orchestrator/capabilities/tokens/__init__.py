"""How many tokens a model makes of a text, without asking anybody."""
