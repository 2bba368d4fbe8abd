"""What machines make out of a file and people make better: transcripts, captions, glossaries."""
