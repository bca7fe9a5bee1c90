"""Files in what a model is told: whether it can take them, and how they are put for it."""
