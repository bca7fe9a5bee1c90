"""The websockets: who may open one, what it shows, how it ends."""
