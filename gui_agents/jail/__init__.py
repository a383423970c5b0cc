"""Processes in jails: started, limited, watched and ended by one supervisor, which leaves nothing behind."""
