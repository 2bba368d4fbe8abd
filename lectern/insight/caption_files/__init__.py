"""What caption files of each format and program hold, as cues, and cues as files."""
