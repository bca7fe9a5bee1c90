"""Live frames and wake-ups on their way out of this process; `sockets` brings the frames to browsers."""
