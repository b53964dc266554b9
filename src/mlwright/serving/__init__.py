"""Serving: a delivered model behind HTTP, lean, strict about what it is asked, and able to say how it is.

`runtime` opens the model, `rows` turns a request into columns, `service` answers, `layer` guards the door (keys,
limits, log, counters), `app` puts the routes together, `server` runs them, `load_test` measures them. Nothing here
unpickles.

To add a protocol: one file with a function `routes(service: Service) -> list[BaseRoute]` that decodes its own envelope
into `service.decoder`'s columns, asks `service.runtime` and encodes the result, and one line in `app.py`. Decoding,
warnings, counting and limits stay where they are.
"""
