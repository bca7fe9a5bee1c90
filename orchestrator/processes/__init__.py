"""The processes of one machine: who starts and stops them, what they run in, whether the workers consume what the broker has."""
