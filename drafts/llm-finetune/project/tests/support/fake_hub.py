"""A Hub on loopback with one dataset: enough of its API for `datasets` to load from it."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "c0ffee" + "0" * 34


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def do_GET(self) -> None:
        hub = self.server
        path = unquote(urlsplit(self.path).path)
        hub.asked.append(f"{self.command} {path}")
        if hub.gated and self.headers.get("Authorization") != f"Bearer {hub.gated}":
            self._answer(
                403 if self.headers.get("Authorization") else 401,
                b'{"error": "Access to this dataset is restricted"}',
                {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted."},
            )
        elif path.startswith(f"/api/datasets/{hub.name}"):
            self._api(path.removeprefix(f"/api/datasets/{hub.name}"))
        elif path.startswith(f"/datasets/{hub.name}/resolve/"):
            name = path.split("/resolve/")[1].split("/", 1)[1]
            self._file(name)
        else:
            self._answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def _api(self, rest: str) -> None:
        hub = self.server
        if "/revision/" in rest and rest.rsplit("/", 1)[1] not in ("main", COMMIT):
            self._answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        elif rest == "" or rest.startswith("/revision/"):
            files = [{"rfilename": name} for name in hub.files]
            self._json({"id": hub.name, "sha": COMMIT, "siblings": files, "tags": []})
        elif rest.startswith("/tree/"):
            folder = rest.removeprefix("/tree/").partition("/")[2]
            self._json(list(_entries(hub.files, f"{folder}/" if folder else "")))
        elif rest.startswith("/paths-info/"):
            self._json([_entry(name, data) for name, data in hub.files.items()])
        else:
            self._answer(404, b"{}", {"X-Error-Code": "EntryNotFound"})

    def _file(self, name: str) -> None:
        data = self.server.files.get(name)
        if data is None:
            self._answer(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        else:
            self._answer(200, data, {"ETag": f'"{_tag(data)}"', "X-Repo-Commit": COMMIT})

    def _json(self, content: object) -> None:
        self._answer(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    name: str
    files: dict[str, bytes]
    gated: str
    asked: list[str]


@contextmanager
def hub(name: str, files: dict[str, bytes], *, gated: str = "") -> Iterator[_Server]:
    """Serve `files` as the dataset `name`; `gated` is the only token that may read it."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.name, server.files, server.gated, server.asked = name, files, gated, []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _entries(files: Mapping[str, bytes], folder: str) -> Iterator[dict[str, object]]:
    """What stands directly in a folder, as the Hub lists it."""
    folders = set()
    for name, data in files.items():
        if not name.startswith(folder):
            continue
        first, below, _ = name.removeprefix(folder).partition("/")
        if not below:
            yield _entry(name, data)
        elif first not in folders:
            folders.add(first)
            yield {"type": "directory", "path": f"{folder}{first}", "oid": _tag(b""), "size": 0}


def _entry(name: str, data: bytes) -> dict[str, object]:
    return {"type": "file", "path": name, "size": len(data), "oid": _tag(data)}


def _tag(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
