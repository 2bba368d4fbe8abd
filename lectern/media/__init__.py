"""Everything that touches the bytes users send; run by workers, never by a web process."""
