"""Loading a firm's own files: each row is stored, unchanged, or refused with reason."""
