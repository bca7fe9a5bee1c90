"""What happens as it happens: frames, and the sockets that carry them."""
