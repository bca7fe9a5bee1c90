"""What code inside a run can ask of the world, as data: models, tools, people, and the gate before them."""
