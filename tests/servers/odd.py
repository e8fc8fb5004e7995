#!/usr/bin/env python3
"""A PostgreSQL server that answers every question in a way that no server does.

usage: tests/servers/odd.py MODE [VERSION]     prints its port

MODE   nulls    one row of 12 NULLs       rows      three such rows
       nothing  no row                    narrow    a row that has no column
       texts    one row of 12 texts       commands  no result but a tag
       refuses  an error without a code   junk      bytes that are no message
"""
import os
import socket
import struct
import sys
import threading

MODE = sys.argv[1]
VERSION = sys.argv[2] if len(sys.argv) > 2 else "17.5"


def message(kind, body=b""):
    return kind + struct.pack(">I", len(body) + 4) + body


def parameter(name, value):
    return message(b"S", name.encode() + b"\0" + value.encode() + b"\0")


def description(columns):
    column = b"c\0" + struct.pack(">IhIhih", 0, 0, 25, -1, -1, 0)
    return message(b"T", struct.pack(">H", columns) + column * columns)


def row(cells):
    body = struct.pack(">H", len(cells))
    for cell in cells:
        body += struct.pack(">i", -1) if cell is None else struct.pack(">i", len(cell)) + cell
    return message(b"D", body)


def result():
    done = message(b"C", b"SELECT 1\0")
    if MODE == "junk":
        return os.urandom(500)
    if MODE == "refuses":
        return message(b"E", b"SERROR\0Mno\0\0")
    if MODE == "commands":
        return message(b"C", b"SET\0")
    if MODE == "narrow":
        return description(0) + row([]) + done
    cells = [b"text \xc3\xa9"] * 12 if MODE == "texts" else [None] * 12
    rows = {"nothing": 0, "rows": 3}.get(MODE, 1)
    return description(12) + row(cells) * rows + done


def receive(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def login(connection):
    while True:
        size = struct.unpack(">I", receive(connection, 4))[0]
        kind = struct.unpack(">I", receive(connection, size - 4)[:4])[0]
        if kind == 196608:
            break
        connection.sendall(b"N")  # neither TLS nor GSSAPI
    connection.sendall(message(b"R", struct.pack(">I", 0)) + parameter("server_version", VERSION)
                       + parameter("client_encoding", "UTF8") + parameter("standard_conforming_strings", "on")
                       + message(b"K", struct.pack(">II", 7, 7)) + message(b"Z", b"I"))


def serve(connection):
    state = b"I"
    try:
        login(connection)
        while True:
            kind, size = struct.unpack(">cI", receive(connection, 5))
            body = receive(connection, size - 4)
            if kind in b"QP" and b"BEGIN" in body:
                state = b"T"
            if kind in b"QP" and (b"COMMIT" in body or b"ROLLBACK" in body):
                state = b"I"
            answers = {b"P": message(b"1"), b"B": message(b"2"), b"E": result(), b"S": message(b"Z", state),
                       b"Q": result() + message(b"Z", state)}
            connection.sendall(answers.get(kind, b""))
    except (OSError, EOFError, struct.error):
        pass
    finally:
        connection.close()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection = listener.accept()[0]
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
