"""A double of an S3-compatible store: put, get, head, delete, list in pages. It checks each signature with its own
implementation of AWS Signature Version 4, and each body against the checksum that was signed."""
import hashlib, hmac, re, threading, urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY_ID, SECRET, REGION, BUCKET = "AKIDTEST", "s3-test-secret", "us-east-1", "bucket"


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Store:
    def __init__(self, page=1000):
        self.objects, self.refused, self.fail, self.page = {}, [], 0, page
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *a):
                pass

            def answer(self, status, body=b""):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def handle_one(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if store.fail > 0:
                    store.fail -= 1
                    return self.answer(503)
                why = store.check(self, body)
                if why:
                    store.refused.append(why)
                    return self.answer(403, why.encode())
                url = urllib.parse.urlsplit(self.path)
                path = urllib.parse.unquote(url.path)
                assert path == f"/{BUCKET}" or path.startswith(f"/{BUCKET}/"), path
                key = path[len(BUCKET) + 2:]
                if self.command == "PUT":
                    store.objects[key] = body
                    return self.answer(200)
                if self.command == "DELETE":
                    store.objects.pop(key, None)
                    return self.answer(204)
                if key == "" and self.command == "GET":
                    return self.answer(200, store.list(urllib.parse.parse_qs(url.query)))
                if key not in store.objects:
                    return self.answer(404)
                self.answer(200, store.objects[key])

            do_GET = do_PUT = do_DELETE = do_HEAD = handle_one
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, prefix="boxes/one"):
        return f"http://127.0.0.1:{self.port}/{BUCKET}/{prefix}"

    def list(self, q):
        prefix, token = q.get("prefix", [""])[0], q.get("continuation-token", [""])[0]
        keys = sorted(k for k in self.objects if k.startswith(prefix) and k > token)
        page, more = keys[:self.page], len(keys) > self.page
        text = "".join(f"<Contents><Key>{k}</Key></Contents>" for k in page)
        if more:
            text += f"<NextContinuationToken>{page[-1]}</NextContinuationToken>"
        return f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{text}</ListBucketResult>".encode()

    def check(self, h, body):
        m = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
                         h.headers.get("Authorization") or "")
        if not m:
            return "no signature"
        key_id, day, region, signed, signature = m.groups()
        digest = hashlib.sha256(body).hexdigest()
        if h.headers.get("x-amz-content-sha256") != digest:
            return "the body is not what was signed"
        url = urllib.parse.urlsplit(h.path)
        path = "/".join(urllib.parse.quote(urllib.parse.unquote(p), safe="-_.~") for p in url.path.split("/"))
        query = "&".join(f"{urllib.parse.quote(k, safe='-_.~')}={urllib.parse.quote(v, safe='-_.~')}"
                         for k, v in sorted(urllib.parse.parse_qsl(url.query, keep_blank_values=True)))
        names = signed.split(";")
        canon = "\n".join([h.command, path, query, "".join(f"{n}:{h.headers[n].strip()}\n" for n in names), signed, digest])
        date = h.headers["x-amz-date"]
        scope = f"{day}/{region}/s3/aws4_request"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canon.encode()).hexdigest()])
        key = mac(mac(mac(mac(("AWS4" + SECRET).encode(), day), region), "s3"), "aws4_request")
        if (key_id, region) != (KEY_ID, REGION) or not hmac.compare_digest(mac(key, to_sign).hex(), signature):
            return "the signature is wrong"
        return None

    def close(self):
        self.server.shutdown()
        self.server.server_close()
