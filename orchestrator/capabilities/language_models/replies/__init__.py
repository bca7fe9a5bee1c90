"""What servers answer, in their many forms, made into one."""
