#!/usr/bin/env python3
"""An S3 server for the tests, in memory and strict, that fails as it is told.

usage: s3.py FOLDER KEY SECRET [CERTIFICATE]    (FOLDER/port, FOLDER/requests, FOLDER/faults)

A file FOLDER/instead/NAME takes the place of the objects whose keys end in that name. With CERTIFICATE
(a file that has its key, too) it speaks TLS. The bucket is in the path or, as BUCKET.localhost, in
the name of the host.
Signatures are computed here anew; a body must have the SHA-256 that was signed. A line of
FOLDER/faults is `OPERATION FAULT [COUNT]`, where an operation is put, start, part, finish,
abort, head, get, list, uploads or delete, and a fault one of:

  500 503 429     an error that passes (503: SlowDown)
  403             AccessDenied, for good
  200error        a 200 whose body is an error
  truncated       a body that ends before its length says
  reset           the connection is reset in the middle of the request
  lost            it is done, and then the connection is reset
  wrongetag       another ETag than the MD5
  damaged         another content is stored; get: more than was stored, of what is no manifest
  skew            refused: the clocks differ by an hour
  hang            no answer
  archived        refused: the object is in an archive class
  drip            a byte a second, without end
  byte            get: one byte, and then the connection is closed
  endless         get: zeros without end, of what is no manifest
  again           list: more to come, always by the same continuation
  redirect        to FOLDER/redirect
"""
import datetime
import hashlib
import hmac
import os
import re
import socket
import ssl
import struct
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

folder, key_id, secret = sys.argv[1:4]
objects, uploads = {}, {}  # key -> (bytes, etag); id -> (key, begun, {number: (bytes, md5)})
faults = []


def log(text):
    with open(os.path.join(folder, "requests"), "a", encoding="utf-8") as file:
        file.write(text + "\n")


def read_faults():
    """Lines that were added are taken, once."""
    path = os.path.join(folder, "faults")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            for line in file:
                words = line.split()
                faults.append([words[0], words[1], int(words[2]) if len(words) > 2 else 1])
        os.unlink(path)


def read_instead():
    for root, _, names in os.walk(os.path.join(folder, "instead")):
        for name in names:
            with open(os.path.join(root, name), "rb") as file:
                body = file.read()
            for key in objects:
                if key.endswith("/" + name):
                    objects[key] = (body, hashlib.md5(body).hexdigest())


def sign(name, text):
    return hmac.new(name, text.encode(), hashlib.sha256).digest()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):
        pass

    def answer(self, code, body=b"", headers=None, length=None):
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def error(self, code, name, words="told to", **more):
        body = f"<?xml version='1.0'?>\n<Error><Code>{name}</Code><Message>{words}</Message></Error>"
        self.answer(code, body.encode(), **more)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def refusal(self, body):
        """Why the signature is none (Signature Version 4), or None."""
        found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/s3/aws4_request, ?"
                             r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)", self.headers.get("Authorization", ""))
        sha = self.headers.get("x-amz-content-sha256", "")
        if not found or found[1] != key_id:
            return "InvalidAccessKeyId"
        if sha != hashlib.sha256(body).hexdigest():
            return "XAmzContentSHA256Mismatch"
        if not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(found[4].split(";")):
            return "AccessDenied"
        for name in self.headers:
            if name.lower().startswith("x-amz-") and name.lower() not in found[4].split(";"):
                return "AccessDenied"
        path, _, query = self.path.partition("?")
        pairs = sorted(pair if "=" in pair else pair + "=" for pair in query.split("&") if pair)
        names = found[4].split(";")
        lines = "".join(f"{name}:{' '.join(self.headers.get(name, '').split())}\n" for name in names)
        canonical = "\n".join([self.command, path, "&".join(pairs), lines, found[4], sha])
        scope = f"{found[2]}/{found[3]}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", self.headers["x-amz-date"], scope,
                          hashlib.sha256(canonical.encode()).hexdigest()])
        name = sign(sign(sign(sign(("AWS4" + secret).encode(), found[2]), found[3]), "s3"), "aws4_request")
        right = hmac.new(name, text.encode(), hashlib.sha256).hexdigest()
        return None if right == found[5] else "SignatureDoesNotMatch"

    def operation(self, key, query):
        if self.command == "PUT":
            return "part" if "partNumber" in query else "put"
        if self.command == "POST":
            return "start" if "uploads" in query else "finish"
        if self.command == "DELETE":
            return "abort" if "uploadId" in query else "delete"
        if self.command == "HEAD":
            return "head"
        return "get" if key else "uploads" if "uploads" in query else "list"

    def fault(self, operation):
        read_faults()
        for line in faults:
            if line[0] == operation and line[2] > 0:
                line[2] -= 1
                return line[1]
        return None

    def handle_any(self):
        path, _, text = self.path.partition("?")
        query = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
        bucket, dot, domain = self.headers.get("Host", "").partition(":")[0].partition(".")
        if dot and domain == "localhost":
            key = urllib.parse.unquote(path)[1:]
            log("host " + bucket)
        else:
            _, bucket, key = (urllib.parse.unquote(path) + "/").split("/", 2)
        key = key.rstrip("/")
        operation = self.operation(key, query)
        read_instead()
        fault = self.fault(operation)
        log(f"{operation} {key}{' ' + query['partNumber'] if 'partNumber' in query else ''}"
            f"{' class=' + self.headers['x-amz-storage-class'] if 'x-amz-storage-class' in self.headers else ''}"
            f"{' !' + fault if fault else ''}")
        size = int(self.headers.get("Content-Length") or 0)
        if fault == "reset":
            self.rfile.read(size // 2)
            self.reset()
            return
        body = self.rfile.read(size)
        if self.headers.get("Content-Encoding") or self.headers.get("Transfer-Encoding"):
            self.error(400, "InvalidRequest", "no aws-chunked here")
            return
        refused = self.refusal(body)
        if refused:
            self.error(403, refused, "as it was computed here")
        elif bucket != "bucket":
            self.error(404, "NoSuchBucket", "there is but one")
        elif not self.play(fault):
            getattr(self, "do_" + operation)(key, query, body, fault)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

    def play(self, fault):
        """True when that was the whole answer."""
        if fault == "500":
            self.error(500, "InternalError")
        elif fault == "503":
            self.error(503, "SlowDown", "reduce your request rate")
        elif fault == "429":
            self.error(429, "TooManyRequests", headers={"Retry-After": "1"})
        elif fault == "403":
            self.error(403, "AccessDenied", "not you")
        elif fault == "200error":
            self.error(200, "InternalError")
        elif fault == "hang":
            time.sleep(600)
        elif fault == "skew":
            then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
            self.date_time_string = lambda *_: then.strftime("%a, %d %b %Y %H:%M:%S GMT")
            self.error(403, "RequestTimeTooSkewed", "the difference is too large")
        elif fault == "archived":
            self.error(403, "InvalidObjectState", "the operation is not valid for the object's storage class")
        elif fault == "drip":
            self.drip()
        elif fault == "redirect":
            with open(os.path.join(folder, "redirect"), encoding="utf-8") as file:
                self.answer(307, headers={"Location": file.read().strip()})
        else:
            return False
        return True

    def drip(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b" ")
                time.sleep(1)
        except OSError:
            self.close_connection = True

    def endless(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"10000\r\n" + b"0" * 65536 + b"\r\n")
        except OSError:
            self.close_connection = True

    def finish_with(self, fault, code, body=b"", headers=None):
        if fault == "lost":
            self.reset()
        elif fault == "truncated":
            self.answer(code, body[:len(body) // 2], headers, len(body))
            self.close_connection = True
        else:
            self.answer(code, body, headers)

    def stored(self, body, fault):
        etag = hashlib.md5(body).hexdigest()
        if fault == "damaged":
            body = b"x" * len(body)
        return body, etag, {"ETag": '"' + ("0" * 32 if fault == "wrongetag" else etag) + '"'}

    def do_put(self, key, _query, body, fault):
        body, etag, headers = self.stored(body, fault)
        objects[key] = (body, etag)
        self.finish_with(fault, 200, b"", headers)

    def do_start(self, key, _query, _body, fault):
        upload = hashlib.md5(os.urandom(8)).hexdigest()
        begun = datetime.datetime.now(datetime.timezone.utc)
        if os.path.exists(os.path.join(folder, "old")):
            begun -= datetime.timedelta(days=2)
        uploads[upload] = (key, begun.strftime("%Y-%m-%dT%H:%M:%S.000Z"), {})
        self.finish_with(fault, 200, f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId>"
                                     "</InitiateMultipartUploadResult>".encode())

    def do_part(self, _key, query, body, fault):
        if query["uploadId"] not in uploads:
            self.error(404, "NoSuchUpload")
            return
        body, etag, headers = self.stored(body, fault)
        uploads[query["uploadId"]][2][int(query["partNumber"])] = (body, etag)
        self.finish_with(fault, 200, b"", headers)

    def do_finish(self, key, query, body, fault):
        if query["uploadId"] not in uploads:
            self.error(404, "NoSuchUpload")
            return
        parts = uploads[query["uploadId"]][2]
        if len(re.findall(b"<Part>", body)) != len(parts):
            self.error(400, "InvalidPart")
            return
        whole = b"".join(parts[number][0] for number in sorted(parts))
        digests = b"".join(bytes.fromhex(parts[number][1]) for number in sorted(parts))
        etag = f"{hashlib.md5(digests).hexdigest()}-{len(parts)}"
        objects[key] = (whole, "0" * 32 + "-9" if fault == "wrongetag" else etag)
        del uploads[query["uploadId"]]
        self.finish_with(fault, 200, b"<?xml version='1.0'?><CompleteMultipartUploadResult><ETag>&quot;"
                         + etag.encode() + b"&quot;</ETag></CompleteMultipartUploadResult>")

    def do_abort(self, _key, query, _body, fault):
        if uploads.pop(query["uploadId"], None):
            self.finish_with(fault, 204)
        else:
            self.error(404, "NoSuchUpload")

    def do_delete(self, key, _query, _body, fault):
        objects.pop(key, None)
        self.finish_with(fault, 204)

    def do_head(self, key, _query, _body, fault):
        if key not in objects:
            self.answer(404)
            return
        self.finish_with(fault, 200, objects[key][0], {"ETag": f'"{objects[key][1]}"'})

    def do_get(self, key, _query, _body, fault):
        if key not in objects:
            self.error(404, "NoSuchKey")
            return
        body, etag = objects[key]
        if fault == "damaged" and not key.endswith(".json"):
            body += b"x"
        if fault == "endless" and not key.endswith(".json"):
            self.endless()
            return
        headers = {"ETag": f'"{etag}"'}
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        body = body[int(asked[1]):] if asked else body
        if fault == "byte":
            self.answer(206 if asked else 200, body[:1], headers, len(body))
            self.close_connection = True
            return
        self.finish_with(fault, 206 if asked else 200, body, headers)

    @staticmethod
    def names(query):
        """How keys are written in a list, and the element that says so."""
        if query.get("encoding-type") == "url":
            return urllib.parse.quote_plus, "<EncodingType>url</EncodingType>"
        return escape, ""

    def do_list(self, _key, query, _body, fault):
        keys = sorted(key for key in objects if key.startswith(query.get("prefix", "")))
        after = query.get("continuation-token", "")
        page = [key for key in keys if key > after][:4]
        more = page and page[-1] != keys[-1]
        write, encoding = self.names(query)
        rows = "".join(f"<Contents><Key>{write(key)}</Key><Size>{len(objects[key][0])}</Size></Contents>" for key in page)
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        if fault == "again":
            more, token = True, "<NextContinuationToken>a</NextContinuationToken>"
        self.finish_with(fault, 200, f"<ListBucketResult><IsTruncated>{'true' if more else 'false'}</IsTruncated>"
                                     f"{token}{rows}{encoding}</ListBucketResult>".encode())

    def do_uploads(self, _key, query, _body, fault):
        write, encoding = self.names(query)
        rows = "".join(f"<Upload><Key>{write(key)}</Key><UploadId>{upload}</UploadId><Initiated>{begun}</Initiated>"
                       "</Upload>" for upload, (key, begun, _) in uploads.items()
                       if key.startswith(query.get("prefix", "")))
        self.finish_with(fault, 200, "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>"
                                     f"{rows}{encoding}</ListMultipartUploadsResult>".encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
with open(os.path.join(folder, "port.new"), "w", encoding="utf-8") as port_file:
    port_file.write(str(server.server_address[1]))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
server.serve_forever()
