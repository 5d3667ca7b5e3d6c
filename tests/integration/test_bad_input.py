"""Hostile and broken clients. The box answers or closes, serves everybody else meanwhile, and stays small. No check of
times but generous ceilings."""
import contextlib, json, re, socket, threading, time
from lib import *

HEAD = b"Host: 127.0.0.1\r\n"


def still_serves(b):
    equal(b.hook(meta_hook("34600000099", "still here")).status, 200)
    equal(b.api("GET", "/healthz").status, 200)
    b.alive()


def test_long_bodies():
    with Box(doubles=False) as b:
        before = b.rss_mb()
        body = meta_hook("34600000001", "x" * 4_000_000)
        a = raw(b.hooks, b"POST /webhooks/whatsapp HTTP/1.1\r\n" + HEAD + b"X-Hub-Signature-256: " + sign(body).encode() +
                b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body, timeout=3)
        equal(statuses_of(a)[:1], [413], "4 MB")
        big = b"POST /webhooks/whatsapp HTTP/1.1\r\n" + HEAD + b"X-Hub-Signature-256: " + sign(b"").encode()
        for length in (b"9000000000000000000", b"99999999999999999999", b"-1", b"1e3", b"0x10", b"+5", b"", b"5 5", b"5,5"):
            got = statuses_of(raw(b.hooks, big + b"\r\nContent-Length: " + length + b"\r\n\r\nhello", 2))
            assert got[:1] in ([400], [413]), (length, got)
        chunks = big + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"x" * 0x10000 + b"\r\n") * 80
        got = statuses_of(raw(b.hooks, chunks, 3))
        assert got[:1] in ([413], [400], [411], []), got
        ok = meta_hook("34600000001", "x" * 2_900_000)  # Meta sends up to 3 MB
        equal(b.hook(ok).status, 200, "2.9 MB")
        for _ in range(5):
            raw(b.hooks, b"POST /webhooks/whatsapp HTTP/1.1\r\n" + HEAD + b"Content-Length: 4000000\r\n\r\n" + b"x" * 4_000_000, 1)
        still_serves(b)
        assert b.rss_mb() < before + 100, (before, b.rss_mb())


def test_slow_and_half_requests():
    """Slow clients hold their own connection only, and not for ever."""
    with Box(doubles=False) as b:
        starts = [b"P", b"POST /webhooks/whatsapp HTTP/1.1\r\n", b"POST /webhooks/whatsapp HTTP/1.1\r\nHost: a\r\nX-",
                  b"POST /webhooks/whatsapp HTTP/1.1\r\n" + HEAD + b"X-Hub-Signature-256: " + sign(b"x").encode() +
                  b"\r\nContent-Length: 1000\r\n\r\nhalf"]
        held = []
        for i in range(60):
            s = socket.create_connection(("127.0.0.1", b.hooks), WAIT)
            s.sendall(starts[i % len(starts)])
            held.append(s)
        stop = threading.Event()

        def drip():
            while not stop.wait(0.5):
                for s in held:
                    with contextlib.suppress(OSError):
                        s.send(b"a")
        t = threading.Thread(target=drip)
        t.start()
        try:
            for i in range(20):
                equal(b.hook(meta_hook(f"3460000{i:04}", "x")).status, 200)
            end = time.monotonic() + 90
            for s in held:  # each is ended by the box, drip or not
                s.settimeout(max(0.1, end - time.monotonic()))
                try:
                    while s.recv(4096):
                        pass
                except socket.timeout:
                    raise AssertionError("a slow request was not ended within 90 s")
                except OSError:
                    pass
        finally:
            stop.set()
            t.join()
            for s in held:
                s.close()
        still_serves(b)


def test_idle_connections():
    """1,500 connections that say nothing; webhooks are answered all the same."""
    with Box(doubles=False) as b:
        before = b.rss_mb()
        held = []
        try:
            for _ in range(1500):
                s = socket.socket()
                s.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    s.connect(("127.0.0.1", b.hooks))
                held.append(s)
            time.sleep(0.5)
            slowest = 0.0
            for i in range(10):
                begin = time.monotonic()
                equal(b.hook(meta_hook(f"3460000{i:04}", "x"), timeout=90).status, 200, "among 1,500 silent ones")
                slowest = max(slowest, time.monotonic() - begin)
            print(f"slowest webhook: {slowest:.1f} s")
            assert b.rss_mb() < before + 150, (before, b.rss_mb())
        finally:
            for s in held:
                s.close()
        still_serves(b)


def test_heads():
    with Box(doubles=False) as b:
        get = b"GET /healthz HTTP/1.1\r\n"
        refused = {
            "1,000 headers": get + HEAD + b"".join(b"X-%d: a\r\n" % i for i in range(1000)) + b"\r\n",
            "a long header": get + HEAD + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n",
            "a long line": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n",
            "two hosts": get + HEAD + HEAD + b"\r\n",
            "blank before colon": get + HEAD + b"Content-Length : 0\r\n\r\n",
            "obs-fold": get + HEAD + b"X-A: a\r\n b\r\n\r\n",
            "no colon": get + HEAD + b"nonsense\r\n\r\n",
            "NUL in a header": get + HEAD + b"X-A: a\0b\r\n\r\n",
            "bare CR": get + HEAD + b"X-A: a\rb\r\n\r\n",
            "a version from tomorrow": b"GET /healthz HTTP/9.9\r\n" + HEAD + b"\r\n",
            "a method of bytes": b"\xff\xfe /healthz HTTP/1.1\r\n" + HEAD + b"\r\n",
            "TLS on plain": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
            "no path": b"GET HTTP/1.1\r\n" + HEAD + b"\r\n",
        }
        for what, data in refused.items():
            got = statuses_of(raw(b.hooks, data, 2))
            assert got == [] or got[0] in (400, 405, 413, 414, 431, 501, 505), (what, got)
            assert 200 not in got, what
        still_serves(b)


def test_smuggling():
    """Ambiguous lengths: refused and closed, so that what follows is never taken for a request."""
    with Box(doubles=False) as b:
        post = b"POST /webhooks/whatsapp HTTP/1.1\r\n" + HEAD + b"X-Hub-Signature-256: " + sign(b"").encode() + b"\r\n"
        hidden = b"GET /healthz HTTP/1.1\r\n" + HEAD + b"\r\n"
        forms = {
            "CL and TE": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "TE and CL": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
            "two lengths": b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
            "two equal lengths": b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
            "a list of lengths": b"Content-Length: 0, 5\r\n\r\n",
            "TE twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
            "TE unknown": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            "TE list": b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "TE with tab": b"Transfer-Encoding:\tchunked, identity\r\n\r\n0\r\n\r\n",
            "TE folded": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
            "length folded": b"Content-Length:\r\n 0\r\n\r\n",
            "length with blank": b"Content-Length : 0\r\n\r\n",
            "bad chunk size": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
            "huge chunk size": b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n\r\n",
            "negative chunk": b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        }
        for what, rest in forms.items():
            got = statuses_of(raw(b.hooks, post + rest + hidden, 2))
            assert 200 not in got, (what, got)
        two = raw(b.hooks, hidden + hidden, 2)
        equal(statuses_of(two), [200, 200], "honest pipelining works")
        still_serves(b)


def test_paths():
    with Box(doubles=False) as b:
        with open(b.data + "/secret.txt", "w") as f:
            f.write("top secret")
        for path in ("/../../../../etc/passwd", "/a/../../../etc/passwd", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd",
                     "/a/x/../../../../etc/passwd", "/a/x/..%5c..%5cetc", "/%00", "/a/x/%00.html", "/a//etc/passwd", "//etc/passwd",
                     "/a/x/totem.db", "/totem.db", "/totem.key", "/secret.txt", "/.htpasswd", "/a/%c0%ae%c0%ae/x", "/%ff%fe",
                     "/healthz/..%2f..", "/api/v1/messages/%2e%2e/tokens", "http://evil.example/healthz2", "*", "/%zz"):
            for port in (b.main, b.hooks):
                data = raw(port, b"GET " + path.encode() + b" HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n", 2)
                got = statuses_of(data)
                assert got == [] or got[0] in (400, 401, 404, 405, 301, 308), (path, got)
                assert b"root:" not in data and b"top secret" not in data and b"SQLite format" not in data, path
        still_serves(b)


def test_deep_and_odd_json():
    with Box(doubles=False) as b:
        def send(body):
            return b.api("POST", "/api/v1/messages", body, headers={"Content-Type": "application/json"}).status
        before = b.rss_mb()
        for body in (b"[" * 100_000, b'{"a":' * 50_000, b'{"to":' + b"[" * 1000 + b"]" * 1000 + b"}", b'{"to":"\xff"}', b"\xef\xbb\xbf{}",
                     b'{"to":"1","to":"2"}', b'{"to":"\\ud800"}', b"NaN", b'{"hop":1e999}', b'{"a":"' + b"\\u0000" * 1000 + b'"}',
                     b"{" + b",".join(b'"k%d":1' % i for i in range(20000)) + b"}", b"{}{}", b'{"to":"34600000000"}\0'):
            assert send(body) in (400, 413, 422), body[:40]
        for body in (b"[" * 1_000_000, b'{"a":' * 500_000 + b"1" + b"}" * 500_000,
                     b'{"entry":[' + b"{}," * 900_000 + b"{}]}"):
            equal(b.hook(body).status, 200, "stored, judged later")
        b.wait_idle()
        assert b.rss_mb() < before + 250, (before, b.rss_mb())
        still_serves(b)


def test_garbage_flood():
    """Random bytes from many sides at once, with honest webhooks in between: all honest ones are stored once."""
    with Box(doubles=False) as b:
        before = b.rss_mb()
        stop = threading.Event()

        def noise(seed):
            r = random.Random(seed)
            while not stop.is_set():
                with contextlib.suppress(OSError, AssertionError):
                    raw(b.hooks, r.randbytes(r.randrange(1, 2000)) + r.choice([b"\r\n\r\n", b"", b"\n\n"]), 0.05)
        noisy = [threading.Thread(target=noise, args=(i,)) for i in range(8)]
        for t in noisy:
            t.start()
        try:
            for i in range(200):
                equal(b.hook(meta_hook(f"3460000{i:04}", f"{i}")).status, 200)
        finally:
            stop.set()
            for t in noisy:
                t.join()
        wait_until(lambda: len(b.messages(direction="inbound")) == 200, what="200 messages")
        assert b.rss_mb() < before + 100, (before, b.rss_mb())


def test_a_stream_client_that_does_not_read():
    with Box(n8n=None) as b:
        deaf = []
        for _ in range(20):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", b.main))
            s.sendall(b"GET /api/v1/whatsapp/stream HTTP/1.1\r\n" + HEAD + b"Authorization: Bearer " + b.token.encode() + b"\r\n\r\n")
            deaf.append(s)
        good = b.stream()
        before = b.rss_mb()
        for i in range(300):
            b.hook(meta_hook(f"3460000{i % 50:04}", "x" * 4000))
        wait_until(lambda: good.kinds().count("whatsapp_message") == 300, what="the one who reads has all")
        assert b.rss_mb() < before + 120, (before, b.rss_mb())
        for s in deaf:
            s.close()


def test_r22_the_log_holds_no_secrets():
    """R22: level info, everything that can happen: no token, secret, number or text of a customer."""
    with Box() as b:
        phone, text = "34600777888", "mi-texto-privado-42"
        b.peers.say("meta", **{"from": phone, "name": "Zoraida-Nombre", "text": text})
        b.wait_idle()
        b.send(phone, "respuesta-privada-43")
        b.hook(meta_hook(phone, text), sign(b"x"))
        b.hook(b'{"broken":"' + text.encode())
        b.api("GET", "/api/v1/messages?search=" + phone, token=False, headers={"Authorization": "Bearer wrong-token-44"})
        http_call(b.hooks, "GET", "/webhooks/whatsapp?hub.mode=subscribe&hub.verify_token=wrong-verify-45&hub.challenge=1")
        b.peers.behave("meta", "meta_error", code=131026, status=400, times=1)
        b.send(phone, "respuesta-privada-46")
        b.peers.behave("chatwoot", "500", times=1)
        b.peers.behave("n8n", "garbage", times=1)
        b.peers.say("meta", **{"from": phone, "text": text})
        b.wait_idle()
        log = b.log()
        for line in log.splitlines():
            json.loads(line)
        secrets = [b.token, META_TOKEN, SECRET, VERIFY, CHATWOOT_TOKEN, CHATWOOT_SECRET, phone, text, "Zoraida-Nombre",
                   "respuesta-privada", "wrong-token-44", "wrong-verify-45", "live-secret-never-log-me", "double-hmac-token"]
        for s in secrets:
            hit = [x for x in log.splitlines() if s in x]
            assert not hit, (s, hit[:3])
        with open(b.data + "/totem.db", "rb") as f:
            data = f.read()
        with contextlib.suppress(OSError), open(b.data + "/totem.db-wal", "rb") as f:
            data += f.read()
        for s in (b.token, "live-secret-never-log-me"):
            assert s.encode() not in data, "an API token in the clear in the database"
