"""One run: its directory, journal, artifacts, lock and steps. `Run.perform` alone touches the world.

`types` has the plan and the tool protocol, `codecs` how values become files, `store` and `journal` where they stay,
`run` puts them together. A new kind of artifact is one class and one line in `codecs`.
"""
