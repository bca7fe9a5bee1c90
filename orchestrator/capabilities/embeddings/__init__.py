"""Texts as vectors, so that what is alike lies near: by a provider's model, or by words and parts of words without any."""
