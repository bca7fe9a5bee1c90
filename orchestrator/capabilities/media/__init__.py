"""What files are and what is in them: their types, pictures, texts, sounds and films. Functions of bytes, without a network."""
