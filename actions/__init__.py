"""What the assistant does besides talking: facts, the offer check, calling a person. Thin; the logic is in core."""
