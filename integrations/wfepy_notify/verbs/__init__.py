"""The verbs of ``wfepy notify``, one file each."""
