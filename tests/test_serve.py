"""`tools.serve`: the built book on loopback."""

import socket
import sys
import threading
import urllib.error
import urllib.request

import pytest

from tools import serve


def test_pages_are_served_and_unknown_ones_get_the_book_s_404(tmp_path):
    (tmp_path / "index.html").write_text("the book")
    (tmp_path / "404.html").write_text("no such page")
    with serve.server(tmp_path) as book:
        thread = threading.Thread(target=book.serve_forever)
        thread.start()
        place = f"http://127.0.0.1:{book.server_port}"
        with urllib.request.urlopen(f"{place}/index.html") as page:
            assert page.read() == b"the book"
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{place}/nowhere.html")
        assert caught.value.code == 404
        assert caught.value.read() == b"no such page"
        book.shutdown()
        thread.join()


def test_a_port_that_is_taken_is_told_in_a_sentence(
    tmp_path, monkeypatch, capsys
):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        arguments = ["serve", str(tmp_path), "--port", str(port)]
        monkeypatch.setattr(sys, "argv", arguments)
        assert serve.main() == 1
    told = capsys.readouterr().err
    assert f"Port {port} is taken" in told
    assert f"make serve PORT={port + 1}" in told
