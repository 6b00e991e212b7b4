"""What operators and developers run: start everything, keys, catalogues, the demonstration."""
