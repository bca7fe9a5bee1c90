"""People, their roles and permissions, and how they come in."""
