"""What happens as it happens: frames and wake-ups on their way out, and below, the sockets that show them."""
