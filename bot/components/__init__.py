"""How the assistant reads a message: one component of the pipeline in each file."""
