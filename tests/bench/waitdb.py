#!/usr/bin/env python3
"""What waitdb costs and how soon it notices; exits 1 when a bar is missed.

A tenth of each series, SOAK=1: all of it. ROUNDS, HORIZON (seconds) and SEED
change the series of random moments; PGBOX and PG_BIN are the programs.
"""
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from common import PG_BIN, PGBOX, UNPRIVILEGED, Server, bound_socket, elapsed, finish, load, report, start, verdict

SOAK = bool(os.environ.get("SOAK"))
ROUNDS = int(os.environ.get("ROUNDS") or (50 if SOAK else 5))
HORIZON = float(os.environ.get("HORIZON") or (30 if SOAK else 3))
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
PAIRS = 400 if SOAK else 200


def spread(times):
    return f"{len(times)} tries, {min(times):.1f} to {max(times):.1f} ms"


class Gated(Server):
    """Its restore_command waits for a file, the gate."""

    def __init__(self, folder):
        self.gate = folder + "/gate"
        super().__init__(folder, "hot_standby = off\n"
                         f"restore_command = 'until test -e {self.gate}; do sleep 0.01; done; false'\n")

    def recover(self):
        subprocess.run([*UNPRIVILEGED, "touch", self.data + "/recovery.signal"], check=True)
        self.launch()

    def open_gate(self):
        with open(self.gate, "w", encoding="ascii"):
            pass


def pump(source, sink):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def forward(listener, server):
    """Every connection goes to the server's socket, until the listener is closed."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        upstream = socket.socket(socket.AF_UNIX)
        upstream.connect(f"{server.folder}/.s.PGSQL.{server.port}")
        for pair in (client, upstream), (upstream, client):
            threading.Thread(target=pump, args=pair, daemon=True).start()


def port_opens(server):
    """Milliseconds from listen() at a random moment to the exit of waitdb."""
    times = []
    for _ in range(ROUNDS):
        listener, port = bound_socket()
        pid = start(PGBOX, "waitdb", "--timeout", "2m", f"postgres://postgres@127.0.0.1:{port}/postgres")
        time.sleep(random.uniform(0.1, HORIZON))
        listener.listen()
        opened = time.time()
        threading.Thread(target=forward, args=(listener, server), daemon=True).start()
        ended, _ = finish(pid)
        times.append((ended - opened) * 1000)
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    report("port opens, median to exit", statistics.median(times), 30, "ms", spread(times))


def server_starts(server):
    """Milliseconds from the log's `ready to accept connections` to the exit of waitdb. The server
    has writes to redo, and a restore_command that lets it begin with them at a random moment."""
    times = []
    server.psql("create table t (id int)")
    for _ in range(ROUNDS):
        server.psql("insert into t select generate_series(1, 100000)")
        server.stop(signal.SIGQUIT)
        server.recover()
        server.says("database system was interrupted")
        pid = start(PGBOX, "waitdb", "--timeout", "2m", server.url())
        time.sleep(random.uniform(0.1, min(HORIZON, 5)))
        server.open_gate()
        ended, _ = finish(pid)
        times.append((ended - server.says("ready to accept connections")) * 1000)
        os.unlink(server.gate)
    report("server was starting up, median to exit", statistics.median(times), 60, "ms", spread(times))


def refused_costs():
    """CPU seconds of waiting on a port that nobody listens on."""
    seconds = 60 if SOAK else 6
    listener, port = bound_socket()
    _, cpu = finish(start(PGBOX, "waitdb", "--timeout", f"{seconds}s", f"postgres://u@127.0.0.1:{port}/d"), 124)
    listener.close()
    report(f"{seconds} s on a refused port, CPU", cpu, 0.4 * seconds / 60, "s")


def pair_medians(url, isready):
    ours, theirs = [], []
    for _ in range(PAIRS):
        ours.append(elapsed(PGBOX, "waitdb", "--once", url))
        theirs.append(elapsed(f"{PG_BIN}/pg_isready", "-q", "-U", "postgres", "-d", "postgres", *isready))
    return statistics.median(ours), statistics.median(theirs)


def against_pg_isready(name, url, *isready):
    """waitdb --once, login and query included, beside PostgreSQL's pg_isready, in turns. Other
    programs on the machine add the same to both, so of three series the calmest counts, the one
    in which pg_isready was fastest."""
    a, b = min((pair_medians(url, isready) for _ in range(3)), key=lambda medians: medians[1])
    report(f"waitdb --once to pg_isready, {name}", a / b, 0.5, "of its time",
           f"medians {a:.2f} and {b:.2f} ms of {PAIRS} pairs")


def main():
    random.seed(SEED)
    print(f"# seed {SEED}, {ROUNDS} rounds, horizon {HORIZON:g} s, {load()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="pgbox-bench.") as folder:
        server = Gated(folder)
        try:
            server.launch()
            server.says("ready to accept connections")
            against_pg_isready("TCP", server.url(), "-h", "127.0.0.1", "-p", str(server.port))
            against_pg_isready("socket", server.socket_url(), "-h", folder, "-p", str(server.port))
            port_opens(server)
            server_starts(server)
            refused_costs()
        finally:
            server.open_gate()
            server.stop()
    verdict()


main()
