"""A PostgreSQL server that refuses logins, and then falls silent.

refusing.py PORT-FILE SQLSTATE WORDS [LOGINS]

Chooses a port and writes it to PORT-FILE. Each login gets a FATAL error, after LOGINS of them none gets any answer.
Ends with its stdin.
"""
import os
import socket
import struct
import sys
import threading

PORT_FILE, CODE, WORDS = sys.argv[1], sys.argv[2].encode(), sys.argv[3].encode()
LOGINS = int(sys.argv[4]) if len(sys.argv) > 4 else 1 << 30
SSL, GSS, CANCEL = 80877103, 80877104, 80877102
logins, lock = 0, threading.Lock()


def packet(client):
    head = client.recv(4, socket.MSG_WAITALL)
    return client.recv(struct.unpack("!i", head)[0] - 4, socket.MSG_WAITALL) if len(head) == 4 else b""


def answer(client):
    global logins
    with client:
        while body := packet(client):
            code = struct.unpack("!i", body[:4])[0]
            if code in (SSL, GSS):
                client.sendall(b"N")
                continue
            with lock:
                logins += 1
                silent = logins > LOGINS
            if silent:
                client.recv(1)
            elif code != CANCEL:
                fields = b"SFATAL\0VFATAL\0C" + CODE + b"\0M" + WORDS + b"\0\0"
                client.sendall(b"E" + struct.pack("!i", len(fields) + 4) + fields)
            return


def serve(listener):
    while True:
        threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()


listener = socket.create_server(("127.0.0.1", 0), backlog=64)
threading.Thread(target=serve, args=(listener,), daemon=True).start()
with open(PORT_FILE + ".new", "w") as f:
    f.write(str(listener.getsockname()[1]))
os.rename(PORT_FILE + ".new", PORT_FILE)
sys.stdin.read()
