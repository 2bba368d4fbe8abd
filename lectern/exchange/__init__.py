"""Out of Lectern and into it: exports, imports, what lies in folders already, and backups."""
