"""An HTTP proxy between PostgreSQL and a store that spoils the n-th request, and those after it if told so.

It stands before each of the store's ports and leaves every header as it is, Host included, so that
signatures stay valid; addresses in redirections become its own. Faults:

    403, 500, 503   this status, the store is not asked
    reset           the connection ends, the store is not asked
    lost            the store does what it is asked, the connection ends without its answer
    cut             half of the answer's body
    altered         a byte of the answer's body is another (objects only: nothing else has a checksum)
    hang            no answer while the fault is armed
    kill            the store is killed, which cannot be done once only
"""

import http.client
import http.server
import re
import threading

REFUSED = {"403": b"Forbidden", "500": b"Internal Server Error", "503": b"Slow Down"}


class Fault:
    def __init__(self, kind, at, lasting):
        self.kind, self.at, self.lasting = kind, at, lasting or kind == "kill"
        self.met = False
        self.over = threading.Event()


class FaultProxy:
    def __init__(self, store):
        self.store = store
        self.lock = threading.Lock()
        self.fault = None
        self.count = 0
        self.lines = []
        self.servers = [self.listen(port) for port in store.ports()]
        self.ports = [server.server_address[1] for server in self.servers]

    def listen(self, port):
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # an answer is two writes
            timeout = 60

            def handle_request(self):
                proxy.pass_on(self, port)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_request

            def log_message(self, *unused):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        # Clients that go away in the middle are what is tested.
        server.handle_error = lambda *unused: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def close(self):
        self.disarm()
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def arm(self, kind, at, lasting=False):
        """Spoils request `at`, counted from now on from 1."""
        with self.lock:
            self.count = 0
            self.lines = []
            self.fault = Fault(kind, at, lasting)

    def disarm(self):
        """Whether the fault was met."""
        with self.lock:
            fault, self.fault = self.fault, None
        if fault is not None:
            fault.over.set()
        return fault is not None and fault.met

    def meets(self, handler):
        """The fault that this request meets, or nothing."""
        with self.lock:
            self.count += 1
            self.lines.append(f"{handler.command} {handler.path}")
            fault = self.fault
            if fault is None or self.count < fault.at or (self.count > fault.at and not fault.lasting):
                return None
            first, fault.met = not fault.met, True
        if fault.kind == "kill" and first:
            self.store.kill()
        return fault

    def pass_on(self, handler, port):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        fault = self.meets(handler)
        kind = fault.kind if fault else ""
        if kind in REFUSED:
            answer(handler, int(kind), [], REFUSED[kind] if handler.command != "HEAD" else b"")
            return
        if kind == "hang":
            fault.over.wait(60)
        if kind in ("hang", "reset", "kill") or (kind == "lost" and self.count > fault.at):
            handler.close_connection = True
            return
        upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            upstream.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
            for name, value in handler.headers.items():
                upstream.putheader(name, value)
            upstream.endheaders(body)
            response = upstream.getresponse()
            content = response.read()
            headers = [(name, self.own(value) if name.lower() == "location" else value)
                       for name, value in response.getheaders()]
        except OSError:
            handler.close_connection = True
            return
        finally:
            upstream.close()
        if kind == "lost":
            handler.close_connection = True
            return
        if kind == "altered" and content and ".parquet" in handler.path:
            content = content[:len(content) // 2] + bytes([content[len(content) // 2] ^ 0xA5]) + content[len(content) // 2 + 1:]
        answer(handler, response.status, headers, content, len(content) // 2 if kind == "cut" else None)

    def own(self, address):
        for theirs, ours in zip(self.store.ports(), self.ports):
            address = re.sub(rf"//(127\.0\.0\.1|localhost):{theirs}/", f"//127.0.0.1:{ours}/", address)
        return address


def answer(handler, status, headers, content, cut=None):
    handler.send_response_only(status)
    length = len(content)
    for name, value in headers:
        if name.lower() == "content-length":
            # What HEAD tells is the object's.
            length = int(value) if handler.command == "HEAD" else length
        elif name.lower() not in ("transfer-encoding", "connection"):
            handler.send_header(name, value)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
    handler.wfile.write(content if cut is None else content[:cut])
    if cut is not None:
        handler.close_connection = True
