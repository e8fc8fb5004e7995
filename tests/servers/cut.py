"""Stands between a client and a PostgreSQL server, and cuts all connections once: when a client sends TEXT.

cut.py PORT-FILE SERVER-PORT TEXT [WORDS]

Chooses a port, writes it to PORT-FILE, and relays bytes. With WORDS the client that is cut gets them as a FATAL error
with SQLSTATE 57P01 first, as of a server that is shut down. Connections after that are relayed as before. Ends with its
stdin.
"""
import os
import socket
import struct
import sys
import threading

PORT_FILE, SERVER, TEXT = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
WORDS = sys.argv[4].encode() if len(sys.argv) > 4 else b""
open_pairs, cut, lock = [], threading.Event(), threading.Lock()


def fatal():
    fields = b"SFATAL\0VFATAL\0C57P01\0M" + WORDS + b"\0\0"
    return b"E" + struct.pack("!i", len(fields) + 4) + fields


def end(*sockets):
    for s in sockets:
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def relay(source, target, watched):
    seen = b""
    while data := receive(source):
        seen = (seen + data)[-4096:]
        with lock:
            if watched and TEXT in seen and not cut.is_set():
                cut.set()
                if WORDS:
                    source.sendall(fatal())
                for pair in open_pairs:
                    end(*pair)
                return
        try:
            target.sendall(data)
        except OSError:
            break
    end(source, target)


def receive(source):
    try:
        return source.recv(65536)
    except OSError:
        return b""


def serve(listener):
    while True:
        client, _ = listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", SERVER))
        except OSError:
            client.close()
            continue
        open_pairs.append((client, server))
        threading.Thread(target=relay, args=(client, server, True), daemon=True).start()
        threading.Thread(target=relay, args=(server, client, False), daemon=True).start()


listener = socket.create_server(("127.0.0.1", 0), backlog=64)
threading.Thread(target=serve, args=(listener,), daemon=True).start()
with open(PORT_FILE + ".new", "w") as f:
    f.write(str(listener.getsockname()[1]))
os.rename(PORT_FILE + ".new", PORT_FILE)
sys.stdin.read()
