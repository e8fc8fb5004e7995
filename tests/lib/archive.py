#!/usr/bin/env python3
"""Damages PostgreSQL archives, and makes small ones: archive.py DAMAGE FILE [ARGUMENT].

FILE is a custom archive, a tar archive or a toc.dat, changed in place. DAMAGE is one of

  crlf            every LF becomes CR LF, as on the way through a terminal; in November, so that the date shifts the rest
  count N         the table of contents says that it has N entries
  fewer           one fewer than it has
  month N         the month of the header's date; day N, year N, second N likewise
  null            no version of pg_dump;  null-server  no version of the server
  trailing        a byte follows the table of contents (of a toc.dat), or the last block
  number N        the number of the first entry
  missing         the last entry has no type
  chunk N         the length of the first block of data (custom)

or makes FILE:  bomb N  one entry of number N;  chain N  a table that needs the first of N types, each of which needs the
next;  revoke OWNER  a REVOKE without a role, of OWNER;  dependency N  an entry that depends on N.
"""
import struct
import sys


def number(n):
    return bytes([n < 0]) + struct.pack("<I", abs(n))


def text(s):
    return number(-1) if s is None else number(len(s.encode())) + s.encode()


class Toc:
    """Where the fields of a header and of the first entry are."""

    def __init__(self, data, base):
        self.data = data
        assert data[base:base + 5] == b"PGDMP"
        self.at = base + 5
        self.minor = data[self.at + 1]
        self.custom = data[self.at + 5] == 1
        self.at += 6 + (1 if self.minor >= 15 else 5)
        self.date = self.at
        self.at += 35
        self.string()
        self.server = self.at
        self.string()
        self.program = self.at
        self.string()
        self.count = self.at
        self.n = self.int()
        self.first = self.at
        for _ in range(self.n):
            self.entry()
        self.end = self.at

    def int(self):
        sign, n = self.data[self.at], struct.unpack_from("<I", self.data, self.at + 1)[0]
        self.at += 5
        return -n if sign else n

    def string(self):
        n = self.int()
        self.at += max(n, 0)
        return None if n < 0 else self.data[self.at - n:self.at]

    def entry(self):
        self.int(), self.int()
        for _ in range(3):
            self.string()
        self.type = self.at
        self.string()
        if self.minor >= 11:
            self.int()
        for _ in range(5 + (self.minor >= 14)):
            self.string()
        if self.minor >= 16:
            self.int()
        self.string(), self.string()
        while self.string() is not None:
            pass
        if self.custom:
            self.at += 9
        else:
            self.string()


def put(data, at, new, old=None):
    return data[:at] + new + data[at + (len(new) if old is None else old):]


def damage(kind, data, argument):
    base = 512 if data[:7] == b"toc.dat" and data[257:262] == b"ustar" else 0
    toc = Toc(data, base)
    dates = ["second", "minute", "hour", "day", "month", "year"]
    if kind == "crlf":
        return put(data, toc.date + 20, number(10)).replace(b"\n", b"\r\n")
    if kind == "count":
        return put(data, toc.count, number(int(argument)))
    if kind == "fewer":
        return put(data, toc.count, number(toc.n - 1))
    if kind in dates:
        return put(data, toc.date + 5 * dates.index(kind), number(int(argument)))
    if kind in ("null", "null-server"):
        at = toc.program if kind == "null" else toc.server
        return put(data, at, number(-1), 5 + struct.unpack_from("<I", data, at + 1)[0])
    if kind == "trailing":
        return data + b"\0"
    if kind == "number":
        return put(data, toc.first, number(int(argument)))
    if kind == "missing":
        return put(data, toc.type, number(-1), 5 + struct.unpack_from("<I", data, toc.type + 1)[0])
    if kind == "chunk":
        return put(data, toc.end + 6, number(int(argument)))
    sys.exit(f"unknown damage: {kind}")


def entry(n, kind, tag="t", definition="", owner="app", needs=(), copy=None, oids="false"):
    out = number(n) + number(copy is not None) + text("0") * 2 + text(tag) + text(kind) + number(2) + text(definition)
    out += text("") + text(copy or "") + text("public") + text("") + text(None) + number(0) + text(owner) + text(oids)
    for need in needs:
        out += text(str(need))
    return out + text(None) + bytes([1 if copy else 3]) + bytes(8)


def archive(entries, data=b""):
    head = b"PGDMP" + bytes([1, 16, 0, 4, 8, 1, 0])
    head += b"".join(map(number, (0, 0, 3, 21, 10, 126, 0))) + text("app") + text("18.6") + text("18.6")
    settings = [("ENCODING", "SET client_encoding = 'UTF8';\n"), ("STDSTRINGS", "SET standard_conforming_strings = 'on';\n"),
                ("SEARCHPATH", "SELECT pg_catalog.set_config('search_path', '', false);\n")]
    entries = [entry(i + 1, kind, kind, sql, "") for i, (kind, sql) in enumerate(settings)] + entries
    return head + number(len(entries)) + b"".join(entries) + data


def make(kind, argument):
    table = "CREATE TABLE public.t (a int);\n"
    if kind == "bomb":
        return archive([entry(int(argument), "TABLE", "t", table)])
    if kind == "dependency":
        return archive([entry(5, "TABLE", "t", table, needs=[argument])])
    if kind == "revoke":
        return archive([entry(5, "TABLE", "t", table, argument),
                        entry(6, "ACL", "TABLE t", "GRANT SELECT ON TABLE public.t TO nosuchrole;\n", argument),
                        entry(7, "ACL", "TABLE u", "REVOKE ALL ON TABLE public.t FROM \n", argument)])
    if kind == "chain":
        n = int(argument)
        types = [entry(i + 10, "TYPE", f"m{i}", f"CREATE TYPE public.m{i} AS ENUM ('a');\n",
                       needs=[i + 11] if i + 1 < n else []) for i in range(n)]
        return archive([entry(5, "TABLE", "t", table, needs=[10])] + types)
    return None


if __name__ == "__main__":
    what, path, *rest = sys.argv[1:]
    made = make(what, rest[0] if rest else None)
    if made is None:
        with open(path, "rb") as f:
            made = damage(what, f.read(), rest[0] if rest else None)
    with open(path, "wb") as f:
        f.write(made)
