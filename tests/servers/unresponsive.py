#!/usr/bin/env python3
"""What a healthcheck must survive; each says `up` once it is there, and runs until it is killed, or half a minute.

unresponsive.py silent PORT         accepts and never says a word
unresponsive.py garbage PORT        says what no PostgreSQL server says, whatever it is asked
unresponsive.py closing PORT        refuses TLS, hears who logs in, and closes within its first answer
unresponsive.py names PORT          a name server (UDP) that answers nobody
unresponsive.py mount PATH          a FUSE file system there whose server takes each question and never answers it
"""
import ctypes
import os
import signal
import socket
import struct
import sys
import threading


def up():
    print("up", flush=True)


def silent(client):
    while client.recv(4096):
        pass


def garbage(client):
    client.sendall(b"\xff\xfe220 mail.example ESMTP \x00\x01\x02\r\n" * 20)
    client.shutdown(socket.SHUT_WR)
    while client.recv(4096):
        pass


def closing(client):
    client.recv(8)
    client.sendall(b"N")
    client.recv(4096)
    client.sendall(b"R\x00\x00\x00\x08\x00")
    client.close()


def serve(port, talk):
    def guarded(client):
        try:
            talk(client)
        except OSError:
            pass

    listener = socket.create_server(("127.0.0.1", port))
    up()
    while True:
        client, _ = listener.accept()
        threading.Thread(target=guarded, args=(client,), daemon=True).start()


def names(port):
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", port))
    up()
    while True:
        listener.recv(4096)


def mount(path):
    """The kernel's side is in <linux/fuse.h>: a header of 40 bytes, then what the question has; only INIT (26), which comes
    first, is answered. A question that has been taken is waited for past SIGKILL, until this end closes."""
    device = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
    if libc.mount(b"odd", path.encode(), b"fuse", 0, options.encode()) != 0:
        sys.exit(f"cannot mount: {os.strerror(ctypes.get_errno())}")
    while True:
        question = os.read(device, 1 << 17)
        _, opcode, unique = struct.unpack_from("<IIQ", question)
        if opcode == 26:
            answer = struct.pack("<IIIIHHI", 7, 31, 0, 0, 0, 0, 4096) + bytes(40)
            os.write(device, struct.pack("<IiQ", 16 + len(answer), 0, unique) + answer)
            up()


def main():
    kind, where = sys.argv[1:]
    signal.alarm(30)
    if kind == "mount":
        mount(where)
    elif kind == "names":
        names(int(where))
    else:
        serve(int(where), {"silent": silent, "garbage": garbage, "closing": closing}[kind])


main()
