"""Files that already lie in a folder, with their course relations, into the library."""
