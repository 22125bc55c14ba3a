"""One file for each ``wfepy git VERB``."""
