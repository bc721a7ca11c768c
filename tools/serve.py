"""Serve the built book on loopback, with its own 404 page."""

import argparse
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class BookHandler(SimpleHTTPRequestHandler):
    """Static files; an unknown address gets the book's 404 page."""

    def send_error(self, code, message=None, explain=None):
        page = Path(self.directory) / "404.html"
        if code != HTTPStatus.NOT_FOUND or not page.exists():
            super().send_error(code, message, explain)
            return
        body = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format, *args):
        """Stay quiet: the reader wants the address, not every request."""


def server(html: Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server bound to loopback; port 0 takes a free one."""
    handler = partial(BookHandler, directory=str(html))
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("html", type=Path)
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    with server(options.html, options.port) as book:
        print(f"http://127.0.0.1:{book.server_port}/  (Ctrl-C ends it)")
        try:
            book.serve_forever()
        except KeyboardInterrupt:
            print()
