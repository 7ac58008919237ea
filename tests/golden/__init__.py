"""The whole command on whole files: what goes in, what must come out."""
