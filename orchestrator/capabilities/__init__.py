"""What answers the engine's ports and keeps no rows: models, tools, and the guarded way out."""
