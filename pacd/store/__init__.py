"""All SQL: what PAC remembers.  Writes the state directory, never a library."""
