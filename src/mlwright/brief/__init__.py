"""The brief: what is wanted, of which data, under which limits.

`schema` holds the types, `load` reads YAML, JSON or a dict and reports every fault at once, `write` writes a brief back
with what was assumed, `new` proposes a first brief for a table. A new field goes into `schema`, its reader into
`fields`, its line into `write`.
"""
