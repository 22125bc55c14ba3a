"""Reading pickles as data: :mod:`.parse` what is in one, then :mod:`.rebuild` what of it is made."""
