"""What an agent is reminded of, and what it keeps: the window on its conversation, its memories, its episodes."""
