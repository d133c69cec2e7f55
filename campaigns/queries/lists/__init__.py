"""The lists that people work through, each a registry of columns over one model."""
