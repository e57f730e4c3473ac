"""Which exchange demands what, since when, and who says so: dated files, never code.

Profiles of venues (profile, schema, profiles/*.toml), tables of tiers in other people's formats
(readers) and positions in CSV held against those rules (positions).
"""
