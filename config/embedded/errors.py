class EmbeddedError(Exception):
    """An embedded server cannot be used; the message is for people."""
