"""A server on this machine that speaks the vendors' wire formats, and refuses what they refuse."""

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-right"
MODELS = ("claude-sonnet-5-5", "claude-haiku-4-5", "claude-opus-4-1", "gpt-6.1-terra", "gpt-4.1", "local-model")


@dataclass
class Say:
    """An answer, in whatever format it is asked for."""

    text: str = ""
    tools: tuple[tuple[str, str, str], ...] = ()  # id, name, arguments as text
    thinking: str = ""
    stop: str = "end_turn"
    usage: dict[str, int] = field(default_factory=lambda: {"input": 100, "read": 0, "written": 0, "output": 20})
    cut_after: int | None = None  # events after which the connection is broken
    error_after: int | None = None  # events after which an error event comes
    pause_seconds: float = 0.0  # before each event


@dataclass
class Fault:
    status: int
    type: str = "api_error"
    message: str = "it went wrong"
    headers: dict[str, str] = field(default_factory=dict)


class Loopback:
    def __init__(self) -> None:
        self.script: deque[Say | Fault] = deque()
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.batches: dict[str, list[dict[str, Any]]] = {}
        self.broken = threading.Event()  # set when a client went away in the middle
        self.counted = 50
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def plan(self, *turns: Say | Fault) -> "Loopback":
        self.script.extend(turns)
        return self

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def serve() -> Iterator[Loopback]:
    loopback = Loopback()
    try:
        yield loopback
    finally:
        loopback.close()


def _handler(loopback: Loopback) -> type[BaseHTTPRequestHandler]:  # noqa: C901 a closure over the server
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            loopback.paths.append(self.path)
            parts = self.path.split("?")[0].strip("/").split("/")
            if parts[-1] == "results":
                lines = "".join(json.dumps(line) + "\n" for line in reversed(loopback.batches[parts[-2]]))
                self._bytes(200, lines.encode(), "application/x-jsonl")
            else:
                self._json(200, self._batch(parts[-1]))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            path = self.path.split("?")[0]
            loopback.paths.append(path)
            loopback.bodies.append(body)
            loopback.headers.append({name.lower(): value for name, value in self.headers.items()})
            fault = self._refuse(path, body)
            if fault is not None:
                self._fault(path, fault)
            elif path.endswith("/count_tokens"):
                self._json(200, {"input_tokens": loopback.counted})
            elif path.endswith("/batches"):
                self._json(200, self._new_batch(body))
            else:
                self._answer(path, body)

        def _answer(self, path: str, body: dict[str, Any]) -> None:
            turn = loopback.script.popleft() if loopback.script else Say("Hello.")
            if isinstance(turn, Fault):
                self._fault(path, turn)
                return
            events = FORMATS[path](turn, body)
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("request-id", "req_1")
            self.send_header("x-request-id", "req_1")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            try:
                self._play(path, turn, events)
            except (BrokenPipeError, ConnectionResetError):
                loopback.broken.set()
                self.close_connection = True

        def _play(self, path: str, turn: Say, events: list[str]) -> None:
            for place, event in enumerate(events):
                if turn.cut_after is not None and place >= turn.cut_after:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                if turn.error_after is not None and place >= turn.error_after:
                    event = _error_event(path)
                time.sleep(turn.pause_seconds)
                data = event.encode()
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()
                if turn.error_after is not None and place >= turn.error_after:
                    break
            self.wfile.write(b"0\r\n\r\n")

        def _refuse(self, path: str, body: dict[str, Any]) -> Fault | None:
            key = self.headers.get("x-api-key") or (self.headers.get("authorization") or "").removeprefix("Bearer ")
            if key != KEY and not (path.startswith("/v1/chat") and body["model"] == "local-model"):
                return Fault(401, "authentication_error", "invalid x-api-key")
            if "model" in body and body["model"] not in MODELS:
                return Fault(404, "not_found_error", f"model: {body['model']}")
            return _anthropic_rules(body) if path == "/v1/messages" else None

        def _fault(self, path: str, fault: Fault) -> None:
            error = {"type": fault.type, "message": fault.message}
            if path.startswith("/v1/messages"):
                self._json(fault.status, {"type": "error", "error": error, "request_id": "req_1"}, fault.headers)
            else:
                self._json(fault.status, {"error": {**error, "code": fault.type, "param": None}}, fault.headers)

        def _new_batch(self, body: dict[str, Any]) -> dict[str, Any]:
            name = f"batch_{len(loopback.batches)}"
            lines = []
            for one in body["requests"]:
                turn = loopback.script.popleft() if loopback.script else Say("Hello.")
                if isinstance(turn, Fault):
                    error = {"type": "error", "error": {"type": turn.type, "message": turn.message}, "request_id": "r"}
                    result = {"type": "errored", "error": error}
                else:
                    result = {"type": "succeeded", "message": _whole_message(turn, one["params"])}
                lines.append({"custom_id": one["custom_id"], "result": result})
            loopback.batches[name] = lines
            return self._batch(name, "ended")

        def _batch(self, name: str, status: str = "ended") -> dict[str, Any]:
            at = "2026-11-01T00:00:00Z"
            counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
            return {
                "id": name, "type": "message_batch", "processing_status": status, "request_counts": counts,
                "created_at": at, "expires_at": at, "ended_at": at, "archived_at": None, "cancel_initiated_at": None,
                "results_url": f"{loopback.url}/v1/messages/batches/{name}/results",
            }  # fmt: skip

        def _json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
            self._bytes(status, json.dumps(value).encode(), "application/json", headers)

        def _bytes(self, status: int, data: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            extra = {"content-type": kind, "content-length": str(len(data)), "request-id": "req_1", **(headers or {})}
            for name, value in extra.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    return Handler


def _anthropic_rules(body: dict[str, Any]) -> Fault | None:
    newest = body["model"].startswith("claude-sonnet-5")
    wrong = ""
    if {"temperature", "top_p", "top_k"} & set(body):
        wrong = "temperature is not supported"
    elif newest and body.get("tool_choice", {}).get("type") in {"any", "tool"}:
        wrong = "tool_choice: forced tool use is not supported by this model"
    elif body["messages"][-1]["role"] == "assistant" and not any(
        block["type"] == "server" for block in body["messages"][-1]["content"]
    ):
        wrong = "" if body.get("system") == [{"type": "text", "text": "pauses"}] else "prefill is not supported"
    open_ids: set[str] = set()
    for message in body["messages"]:
        results = {block["tool_use_id"] for block in message["content"] if block["type"] == "tool_result"}
        if results != open_ids:
            wrong = "tool_use ids were found without tool_result blocks"
        open_ids = {block["id"] for block in message["content"] if block["type"] == "tool_use"}
    return Fault(400, "invalid_request_error", wrong) if wrong else None


def _error_event(path: str) -> str:
    if path == "/v1/messages":
        return _sse("error", {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    if path == "/v1/responses":
        return _sse("error", {"type": "error", "code": "server_error", "message": "Overloaded", "sequence_number": 9})
    return (
        f"data: {json.dumps({'error': {'message': 'Overloaded', 'type': 'server_error', 'code': 'server_error'}})}\n\n"
    )


def _sse(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def _pieces(text: str, size: int = 5) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def _anthropic_usage(turn: Say) -> dict[str, Any]:
    return {
        "input_tokens": turn.usage["input"],
        "cache_creation_input_tokens": turn.usage["written"],
        "cache_read_input_tokens": turn.usage["read"],
        "cache_creation": {"ephemeral_5m_input_tokens": turn.usage["written"], "ephemeral_1h_input_tokens": 0},
        "output_tokens": 1,
        "service_tier": "standard",
    }


def _whole_message(turn: Say, body: dict[str, Any]) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": turn.text}] if turn.text else []
    content += [{"type": "tool_use", "id": i, "name": n, "input": json.loads(a)} for i, n, a in turn.tools]
    usage = _anthropic_usage(turn) | {"output_tokens": turn.usage["output"]}
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": content,
            "stop_reason": turn.stop, "stop_sequence": None, "usage": usage}  # fmt: skip


def anthropic_events(turn: Say, body: dict[str, Any]) -> list[str]:
    start = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": [],
             "stop_reason": None, "stop_sequence": None, "usage": _anthropic_usage(turn)}  # fmt: skip
    events = [_sse("message_start", {"type": "message_start", "message": start}), _sse("ping", {"type": "ping"})]
    index = 0

    def block(begin: dict[str, Any], deltas: list[dict[str, Any]]) -> None:
        nonlocal index
        found = [{"type": "content_block_start", "index": index, "content_block": begin}]
        found += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        found += [{"type": "content_block_stop", "index": index}]
        events.extend(_sse(str(one["type"]), one) for one in found)
        index += 1

    if turn.thinking:
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in _pieces(turn.thinking)]
        block(
            {"type": "thinking", "thinking": "", "signature": ""},
            [*deltas, {"type": "signature_delta", "signature": "sealed"}],
        )
    if turn.text:
        block({"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in _pieces(turn.text)])
    for tool_id, name, arguments in turn.tools:
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *_pieces(arguments)]]
        block({"type": "tool_use", "id": tool_id, "name": name, "input": {}}, deltas)
    stop = {"stop_reason": turn.stop, "stop_sequence": None}
    usage = {"output_tokens": turn.usage["output"]}
    events.append(_sse("message_delta", {"type": "message_delta", "delta": stop, "usage": usage}))
    events.append(_sse("message_stop", {"type": "message_stop"}))
    return events


def _total(turn: Say) -> int:
    return turn.usage["input"] + turn.usage["read"] + turn.usage["written"]


def responses_events(turn: Say, body: dict[str, Any]) -> list[str]:
    base: dict[str, Any] = {"id": "resp_1", "object": "response", "created_at": 1, "model": body["model"],
                            "output": [], "status": "in_progress",
                            "parallel_tool_calls": True, "tool_choice": "auto", "tools": []}  # fmt: skip
    events: list[dict[str, Any]] = [{"type": "response.created", "response": base}]
    events.append({"type": "response.in_progress", "response": base})
    output: list[dict[str, Any]] = []
    at = 0
    if turn.thinking:
        item: dict[str, Any] = {"id": "rs_1", "type": "reasoning", "summary": []}
        events.append({"type": "response.output_item.added", "output_index": at, "item": item})
        for piece in _pieces(turn.thinking):
            events.append({"type": "response.reasoning_summary_text.delta", "output_index": at, "item_id": "rs_1",
                           "summary_index": 0, "delta": piece})  # fmt: skip
        item = {**item, "summary": [{"type": "summary_text", "text": turn.thinking}], "encrypted_content": "sealed"}
        events.append({"type": "response.output_item.done", "output_index": at, "item": item})
        output.append(item)
        at += 1
    if turn.text:
        kind = "refusal" if turn.stop == "refusal" else "output_text"
        part = {"type": kind, "annotations": [], "text": ""} if kind == "output_text" else {"type": kind, "refusal": ""}
        item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
        where = {"output_index": at, "content_index": 0, "item_id": "msg_1"}
        events.append({"type": "response.output_item.added", "output_index": at, "item": item})
        events.append({"type": "response.content_part.added", **where, "part": part})
        events += [
            {"type": f"response.{kind}.delta", **where, "delta": piece, "logprobs": []} for piece in _pieces(turn.text)
        ]
        whole = {"refusal": turn.text} if kind == "refusal" else {"text": turn.text}
        events.append({"type": f"response.{kind}.done", **where, **whole, "logprobs": []})
        events.append({"type": "response.content_part.done", **where, "part": {**part, **whole}})
        item = {**item, "status": "completed", "content": [{**part, **whole}]}
        events.append({"type": "response.output_item.done", "output_index": at, "item": item})
        output.append(item)
        at += 1
    for tool_id, name, arguments in turn.tools:
        item = {
            "id": f"fc_{at}",
            "type": "function_call",
            "call_id": tool_id,
            "name": name,
            "arguments": "",
            "status": "in_progress",
        }
        events.append({"type": "response.output_item.added", "output_index": at, "item": item})
        for piece in _pieces(arguments):
            events.append(
                {
                    "type": "response.function_call_arguments.delta",
                    "output_index": at,
                    "item_id": item["id"],
                    "delta": piece,
                }
            )
        events.append(
            {
                "type": "response.function_call_arguments.done",
                "output_index": at,
                "item_id": item["id"],
                "name": name,
                "arguments": arguments,
            }
        )
        item = {**item, "arguments": arguments, "status": "completed"}
        events.append({"type": "response.output_item.done", "output_index": at, "item": item})
        output.append(item)
        at += 1
    usage = {"input_tokens": _total(turn), "output_tokens": turn.usage["output"],
             "total_tokens": _total(turn) + turn.usage["output"],
             "input_tokens_details": {"cached_tokens": turn.usage["read"], "cache_write_tokens": turn.usage["written"]},
             "output_tokens_details": {"reasoning_tokens": 0}}  # fmt: skip
    ended = {"max_tokens": "max_output_tokens"}.get(turn.stop)
    final = {**base, "output": output, "usage": usage, "status": "incomplete" if ended else "completed"}
    if ended:
        final["incomplete_details"] = {"reason": ended}
    events.append({"type": "response.incomplete" if ended else "response.completed", "response": final})
    return [_sse(one["type"], {**one, "sequence_number": place}) for place, one in enumerate(events)]


def chat_events(turn: Say, body: dict[str, Any]) -> list[str]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {
            "id": "chat_1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": body["model"],
            "choices": [choice],
        }

    key = "refusal" if turn.stop == "refusal" else "content"
    chunks = [chunk({"role": "assistant", "content": ""})]
    chunks += [chunk({"reasoning_content": piece}) for piece in _pieces(turn.thinking)]
    chunks += [chunk({key: piece}) for piece in _pieces(turn.text)]
    for index, (tool_id, name, arguments) in enumerate(turn.tools):
        function = {"name": name, "arguments": ""}
        chunks.append(
            chunk({"tool_calls": [{"index": index, "id": tool_id, "type": "function", "function": function}]})
        )
        for piece in _pieces(arguments):
            chunks.append(chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))
    finish = {"end_turn": "stop", "max_tokens": "length", "tool_use": "tool_calls", "refusal": "stop"}[turn.stop]
    chunks.append(chunk({}, finish))
    usage = {"prompt_tokens": _total(turn), "completion_tokens": turn.usage["output"],
             "total_tokens": _total(turn) + turn.usage["output"],
             "prompt_tokens_details": {"cached_tokens": turn.usage["read"],
                                       "cache_write_tokens": turn.usage["written"]}}  # fmt: skip
    if body.get("stream_options", {}).get("include_usage"):
        chunks.append({**chunk({}), "choices": [], "usage": usage})
    return [*(f"data: {json.dumps(one)}\n\n" for one in chunks), "data: [DONE]\n\n"]


FORMATS = {
    "/v1/messages": anthropic_events,
    "/v1/responses": responses_events,
    "/v1/chat/completions": chat_events,
}
