"""What the demo model says: text drafted, data filled in, plans made, all computed from what it is asked."""
