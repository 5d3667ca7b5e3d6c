"""Files: in from WhatsApp, out to WhatsApp, over the API; byte for byte, in ranges, and over kills."""
import hashlib, os, random, socket, struct, zlib
from lib import *

FROM = "34600000001"


def png(n=20000):
    """A picture of noise: 8-bit RGB."""
    chunk = lambda k, d: struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d))
    rows = b"".join(b"\0" + random.randbytes(300) for _ in range(max(n // 300, 1)))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 100, max(n // 300, 1), 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b""))


def box(settings=None):
    return Box(settings={"chatwoot.chatwoot.url": None, **(settings or {})}, n8n=None)


def customer_sends(b, data, mime="image/png", kind="image", **more):
    """The file is at Meta, its webhook comes."""
    f = http_call(b.peers.port["meta"], "POST", f"/_double/file?mime={mime}", data).json
    message = {"type": kind, kind: {"id": f["id"], "mime_type": mime, "sha256": f["sha256"], **more}}
    b.peers.say("meta", **{"from": FROM, "message": message})
    return f


def newest(b, **want):
    for m in b.messages():
        if all(m[k] == v for k, v in want.items()):
            return m


def stored(b, count=1, state="stored"):
    def look():
        got = [m for m in b.messages(direction="inbound") if m["media"] and m["media"]["state"] == state]
        return got if len(got) >= count else None
    return wait_until(look, 60, what=lambda: f"{count} {state}: {[m['media'] for m in b.messages()]}")


def files(b):
    return sorted(os.path.relpath(os.path.join(d, f), b.data) for d, _, names in os.walk(os.path.join(b.data, "media")) for f in names)


def test_a_customers_picture():
    with box() as b:
        b.peers.options("meta", url_ms=300000)
        s = b.stream()
        data = png()
        customer_sends(b, data, caption="olha")
        m = stored(b)[0]
        equal((m["content"], m["media"]["mime"], m["media"]["bytes"]), ("[image] olha", "image/png", len(data)))
        wait_until(lambda: "media" in s.kinds(), what="told on the stream")
        equal([d["media"]["state"] for _, k, d in s.events if k == "media"], ["stored"])
        url = m["media"]["url"]
        a = b.api("GET", url)
        equal((a.status, a.body), (200, data), "byte for byte")
        equal(a.headers["Content-Type"], "image/png")
        equal(a.headers["X-Content-Type-Options"], "nosniff")
        assert "sandbox" in a.headers["Content-Security-Policy"] and a.headers["Content-Disposition"].startswith("inline"), a.headers
        tag = a.headers["ETag"]
        equal(tag, '"' + hashlib.sha256(data).hexdigest() + '"')
        auth = {"Authorization": f"Bearer {b.token}"}
        part = lambda **h: http_call(b.main, "GET", url, headers={**auth, **{k.replace("_", "-"): v for k, v in h.items()}})
        for spec, want in (("bytes=0-0", data[:1]), ("bytes=100-199", data[100:200]), ("bytes=-7", data[-7:]), ("bytes=5-", data[5:])):
            a = part(Range=spec)
            equal((a.status, a.body), (206, want), spec)
        equal(part(Range="bytes=5-").headers["Content-Range"], f"bytes 5-{len(data) - 1}/{len(data)}")
        equal(part(Range=f"bytes={len(data)}-").status, 416)
        equal(part(If_None_Match=tag).status, 304)
        equal(part(Range="bytes=0-0", If_Range='"other"').status, 200)
        a = http_call(b.main, "HEAD", url, headers=auth)
        equal((a.status, a.headers["Content-Length"], a.body), (200, str(len(data)), b""))
        equal(http_call(b.main, "GET", url).status, 401, "not without a token")
        for path in ("/api/v1/media/x", "/api/v1/media/019b8d99-6900-78d3-ac8a-875242da7747"):
            equal(b.api("GET", path).status, 404)
        # the same bytes once more: one file, not fetched when known? fetched, but kept once
        customer_sends(b, data)
        stored(b, 2)
        equal(len(files(b)), 1, "one file for the same bytes")
        m = b.metrics()
        equal((m["totem_media_files"], m["totem_media_bytes"]), (1, len(data)))


def test_what_goes_wrong_on_the_way_in():
    with box(settings={"queue.media.backoff_ms": "50"}) as b:
        for do, match in (("404", "GET /v"), ("expired", "/lookaside/"), ("cut", "/lookaside/"), ("wrong_bytes", "/lookaside/"),
                          ("wrong_hash", "GET /v"), ("redirect", "/lookaside/"), ("elsewhere", "GET /v"),
                          ("reset", "/lookaside/"), ("garbage", "/lookaside/")):
            b.peers.behave("meta", do, match=match, bytes=300)
        data = png()
        customer_sends(b, data)
        m = stored(b)[0]
        equal(b.api("GET", m["media"]["url"]).body, data)
        equal(files(b), [f for f in files(b) if "/tmp/" not in f], "nothing half is left")
        equal(b.dead_letters(), [])


def test_a_page_called_picture():
    with box() as b:
        evil = b"<html><script>alert(document.cookie)</script></html>"
        customer_sends(b, evil, kind="document", filename='../"x\r\n.html')
        m = stored(b)[0]
        a = b.api("GET", m["media"]["url"])
        equal((a.status, a.body), (200, evil))
        equal(a.headers["Content-Type"], "application/octet-stream")
        assert a.headers["Content-Disposition"].startswith("attachment") and "sandbox" in a.headers["Content-Security-Policy"], a.headers


def test_an_agents_file():
    with box() as b:
        data = png()
        a = b.api("POST", "/api/v1/media?filename=foto%20%C3%A1.png", data, headers={"Content-Type": "image/png"})
        equal(a.status, 201, a)
        f = a.json
        equal((f["mime"], f["bytes"], f["sha256"], f["send_as"]), ("image/png", len(data), hashlib.sha256(data).hexdigest(), "image"))
        named = b.api("GET", f["url"]).headers["Content-Disposition"]
        assert "filename*=UTF-8''foto%20%C3%A1.png" in named, named
        equal(b.api("POST", "/api/v1/media", data, headers={"Content-Type": "text/html"}).json["id"], f["id"], "the same bytes")
        form = (b'--B\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; name="file"; '
                b'filename="b.png"\r\nContent-Type: image/png\r\n\r\n' + data + b"\r\n--B--\r\n")
        multi = {"Content-Type": "multipart/form-data; boundary=B"}
        equal(b.api("POST", "/api/v1/media", form, headers=multi).json["id"], f["id"], "as a form")
        equal(b.api("POST", "/api/v1/media", form[:-10], headers=multi).status, 422, "a cut form")
        equal(b.api("POST", "/api/v1/media", b"").status, 422, "nothing")
        for _ in range(2):
            equal(b.api("POST", "/api/v1/messages", {"to": "+" + FROM, "type": "image", "image": {"media_id": f["id"], "caption": "hola"}}).status, 202)
        wait_until(lambda: b.peers.state("meta")["accepted"] == 2, what="two messages")
        s = b.peers.state("meta", brief=False)
        equal((s["uploads"], s["doubled"]), (1, 0), "one upload for both")
        up = s["files"][0]
        equal((up["sha256"], up["mime"], up["name"]), (f["sha256"], "image/png", "b.png"), "the newest name of the same bytes")
        equal([m["type"] for m in s["messages"]], ["image", "image"])
        a = b.api("GET", f["url"])
        equal(a.body, data)
        assert "b.png" in a.headers["Content-Disposition"], a.headers
        equal(b.api("POST", "/api/v1/messages", {"to": "+" + FROM, "type": "audio", "audio": {"media_id": f["id"]}}).status, 422)
        a = b.api("POST", "/api/v1/messages", {"to": "+" + FROM, "type": "interactive", "interactive": {
            "type": "button", "header": {"type": "image", "image": {"media_id": "019b8d99-6900-78d3-ac8a-875242da7747"}},
            "body": {"text": "?"}, "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "ok"}}]}}})
        equal((a.status, a.json["errors"][0]["field"]), (422, "interactive.header.image.media_id"), a)


def test_large_files_take_no_memory():
    """60 MB in and out: the process does not grow by it; a slow reader is cut off without harm to others."""
    with box() as b:
        data = random.randbytes(1 << 20) * 60
        before = b.rss_mb()
        a = b.api("POST", "/api/v1/media?filename=x.bin", data)
        equal((a.status, a.json["bytes"]), (201, len(data)))
        slow = socket.create_connection(("127.0.0.1", b.main), WAIT)
        slow.sendall(f"GET {a.json['url']} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {b.token}\r\n\r\n".encode())
        got = b.api("GET", a.json["url"], timeout=60).body
        equal(hashlib.sha256(got).hexdigest(), a.json["sha256"])
        slow.close()
        grown = b.rss_mb() - before
        assert grown < 16, f"grew by {grown} MB"
        equal(b.api("PATCH", "/api/v1/settings", {"media_file_max_bytes": "1000000"}).status, 200)
        equal(b.api("POST", "/api/v1/media", b"x" * 1000001).status, 413, "told before a byte is read")
        equal(statuses_of(raw(b.main, b"POST /api/v1/media HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer "
                           + b.token.encode() + b"\r\n\r\n" + (b"10000\r\n" + b"y" * 65536 + b"\r\n") * 20 + b"0\r\n\r\n")), [413], "and while it comes")
        equal([f for f in files(b) if "/tmp/" in f], [], "nothing half is left")


def test_kill_during_download_and_upload():
    with box(settings={"queue.media.backoff_ms": "50"}) as b:
        data = png(200000)
        b.peers.behave("meta", "drip", ms=1, match="/lookaside/")
        customer_sends(b, data)
        wait_until(lambda: [f for f in files(b) if "/tmp/" in f], what="a file on its way")
        b.kill()
        b.start()
        m = stored(b)[0]
        equal(b.api("GET", m["media"]["url"]).body, data)
        equal([f for f in files(b) if "/tmp/" in f], [], "the half one is gone")
        f = b.api("POST", "/api/v1/media", data).json
        b.peers.behave("meta", "hang", match="/media")
        equal(b.api("POST", "/api/v1/messages", {"to": "+" + FROM, "type": "image", "image": {"media_id": f["id"]}}).status, 202)
        wait_until(lambda: b.peers.state("meta")["misbehaved"] >= 2, what="an upload that hangs")
        b.kill()
        b.start()
        wait_until(lambda: b.peers.state("meta")["accepted"] == 1, 60, what="sent after the restart")
        s = b.peers.state("meta")
        equal((s["uploads"], s["doubled"]), (1, 0))
        m = wait_until(lambda: newest(b, direction="outbound", sending="done"), what="settled")
        equal(m["media"]["state"], "stored")
