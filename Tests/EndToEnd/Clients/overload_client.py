"""Clients that take and do not give: connections that say nothing, half a request, a watch that nobody reads.

Everybody else is served meanwhile, and the one who did it is told."""

import http.client
import json
import resource
import select
import socket
import ssl
import threading
import time

from checks import GROUP, NODE, VERSION, check, job, run
from kubernetes import client, config

CONNECTIONS = 10_000
SPACE = "overload"
JOBS = f"/apis/{GROUP}/{VERSION}/namespaces/{SPACE}/jobs"


class Server:
    """The API server as raw connections see it."""

    def __init__(self):
        settings = client.Configuration.get_default_copy()
        host, port = settings.host.removeprefix("https://").split(":")
        self.address = (host, int(port))
        self.tls = ssl.create_default_context(cafile=settings.ssl_ca_cert)
        self.tls.load_cert_chain(settings.cert_file, settings.key_file)

    def dial(self, receive_bytes=None):
        """A connection with its handshake done; `receive_bytes` is the size of its receive buffer."""
        plain = socket.socket()
        if receive_bytes:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        plain.connect(self.address)
        return self.tls.wrap_socket(plain, server_hostname=self.address[0])

    def keep_alive(self):
        return http.client.HTTPSConnection(*self.address, context=self.tls, timeout=120)


def request(connection, method, path, body=None, kind="application/json"):
    connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": kind})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


class HalfOpen:
    """Holds `CONNECTIONS` connections that never speak, and replaces each that the server closes."""

    def __init__(self, address):
        self.address = address
        self.sockets = {}
        self.poll = select.epoll()
        self.closed = 0
        self.ends = threading.Event()
        for _ in range(CONNECTIONS):
            self.open()
        self.thread = threading.Thread(target=self.replace, daemon=True)
        self.thread.start()

    def open(self):
        connection = socket.socket()
        connection.setblocking(False)
        try:
            connection.connect(self.address)
        except BlockingIOError:
            pass
        self.sockets[connection.fileno()] = connection
        self.poll.register(connection.fileno(), select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR)

    def replace(self):
        while not self.ends.is_set():
            for number, _ in self.poll.poll(0.2):
                self.poll.unregister(number)
                self.sockets.pop(number).close()
                self.closed += 1
                self.open()

    def end(self):
        self.ends.set()
        self.thread.join()
        for connection in self.sockets.values():
            connection.close()


def half_open(server):
    """New requests are answered, open connections and the agent's heartbeats go on, and the silent are closed."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (CONNECTIONS + 500, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    nodes = f"/apis/{GROUP}/{VERSION}/nodes/{NODE}"
    state = lambda: request(kept, "GET", nodes)[1]["status"]["state"]  # noqa: E731
    kept = server.keep_alive()
    check("the node is Ready", state() == "Ready", state())
    attack = HalfOpen(server.address)
    slowest, states = 0.0, set()
    try:
        end = time.monotonic() + 40
        while time.monotonic() < end:
            began = time.monotonic()
            fresh = server.keep_alive()
            code, _ = request(fresh, "GET", "/version")
            fresh.close()
            slowest = max(slowest, time.monotonic() - began)
            states.add(state())
            if code != 200:
                check("a new connection is served", False, code)
    finally:
        attack.end()
    check("silent connections are closed", attack.closed > 4096, attack.closed)
    check("the agent is heard all the while", states == {"Ready"}, states)
    print(f"half-open: closed={attack.closed} slowest_new_connection_s={slowest:.1f}", flush=True)
    check("the open connection lasted", request(kept, "GET", "/version")[0] == 200)


def half_a_request(server):
    """Headers that never end are cut at the deadline of a first request."""
    connection = server.dial()
    connection.sendall(b"GET /version HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    connection.settimeout(60)
    check("half a request is cut", connection.recv(1) == b"")


def not_http(server):
    connection = server.dial()
    connection.sendall(b"HELO tidemill\r\n\r\n")
    connection.settimeout(60)
    answer = b""
    while piece := connection.recv(1 << 16):
        answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    check("what is not HTTP gets a Status", head.startswith(b"HTTP/1.1 400") and json.loads(body)["kind"] == "Status", answer)


def slow_reader(server):
    """A watch that nobody reads falls out of the history that the store keeps, and then hears Expired."""
    kept = server.keep_alive()
    _, listed = request(kept, "GET", JOBS)
    revision = listed["metadata"]["resourceVersion"]
    reader = server.dial(receive_bytes=4096)
    reader.sendall(f"GET {JOBS}?watch=1&resourceVersion={revision} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    body = job("big")
    check("create", request(kept, "POST", JOBS, body)[0] == 201)
    # The store keeps 256 MiB of history.
    codes = set()
    for number in range(1300):
        codes.add(request(
            kept, "PATCH", f"{JOBS}/big", {"metadata": {"annotations": {"a": str(number).ljust(250_000, "x")}}},
            "application/merge-patch+json")[0])
    check("writes go on", codes == {200}, codes)
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    reader.settimeout(60)
    tail, read = b"", 0
    while not tail.endswith(b"\r\n0\r\n\r\n"):
        try:
            piece = reader.recv(1 << 16)
        except TimeoutError:
            piece = b""
        if not piece:
            break
        read += len(piece)
        tail = (tail + piece)[-1000:]
    check("a slow reader hears Expired", b'"type":"ERROR"' in tail and b'"reason":"Expired"' in tail, tail)
    check("and not what it missed", read < 64 << 20, read)
    print(f"slow reader: read_bytes={read}", flush=True)
    check("delete", request(kept, "DELETE", f"{JOBS}/big")[0] == 200)


def main():
    config.load_kube_config()
    server = Server()
    kept = server.keep_alive()
    request(kept, "POST", "/api/v1/namespaces", {"metadata": {"name": SPACE}})
    half_a_request(server)
    not_http(server)
    slow_reader(server)
    half_open(server)
    check("afterwards new connections are served", request(server.keep_alive(), "GET", "/version")[0] == 200)


run("overload", main)
