"""Serve the built book on loopback, with its own 404 page."""

import argparse
import contextlib
import errno
import sys
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


class Taken(OSError):
    """Another program listens on the port; the text says what to do."""


def server(html: Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server bound to loopback; port 0 takes a free one.

    Raises
    ------
    Taken
        If another program listens on the port.
    """
    handler = partial(BookHandler, directory=str(html))
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise Taken(
            f"Port {port} is taken by another program. Choose another one, "
            f"as in `make serve PORT={port + 1}`, or end that program."
        ) from None


def main() -> int:
    """Parse the command line and serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("html", type=Path)
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    try:
        book = server(options.html, options.port)
    except Taken as error:
        print(error, file=sys.stderr)
        return 1
    with book, contextlib.suppress(KeyboardInterrupt):
        print(f"http://127.0.0.1:{book.server_port}/  (Ctrl-C ends it)")
        book.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
