"""What the tests that run the real binary share: a box in a folder of its own, the doubles of its peers, signed webhooks
over raw sockets, the API, the event stream. Everything is on loopback and ends with its parent (--with-parent) or by
its own pid. See README.md."""
import atexit, contextlib, fcntl, functools, hashlib, hmac, http.client, json, os, random, re, shutil, signal, socket, subprocess
import sys, tempfile, threading, time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("TOTEM_BINARY", str(ROOT / "build" / "totem"))
SECRET, PHONE_ID, WABA, DISPLAY = "test_app_secret", "106540352242922", "102290129340398", "5511400000000"
META_TOKEN, VERIFY = "double-token", "double-verify"
CHATWOOT_TOKEN, CHATWOOT_SECRET = "double-chatwoot-token", "double-chatwoot-secret"
SCOPES = ("messages:send messages:read conversations queues:read queues:control queues:clear settings status metrics lookups users "
          "audit:read self orchestrator")
QUEUES = ("webhooks", "messages", "crm-api-whatsapp-inbound", "support-bridge-inbound", "support-bridge-crm-mirror",
          "orchestrator-inbound", "support-bridge-outbound", "support-bridge-status", "media", "upkeep",
           "support-bridge-state", "support-bridge-agent", "message-acts", "support-bridge-media")
WAIT = 20.0  # seconds; generous: the machine may be busy


# --- small things ----------------------------------------------------------------------------------------------------

def wait_until(condition, timeout=WAIT, what="", every=0.02):
    """Returns the first true value of condition(); fails after `timeout` seconds with what it was last."""
    end, last = time.monotonic() + timeout, None
    while True:
        last = condition()
        if last:
            return last
        if time.monotonic() > end:
            what = what() if callable(what) else what
            raise AssertionError(f"not within {timeout} s: {what} (last: {last!r})")
        time.sleep(every)


def equal(got, want, what=""):
    assert got == want, f"{what}: got {got!r}, want {want!r}"


PORTS = []  # locks of this process's ports, held until it ends


def claim_port(port):
    """A lock that others who look for a port see: between looking and listening a box needs a moment."""
    folder = os.path.join(tempfile.gettempdir(), f"totem-ports-{os.getuid()}")
    os.makedirs(folder, exist_ok=True)
    f = open(os.path.join(folder, str(port)), "w")
    try:
        fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        f.close()
        return False
    PORTS.append(f)
    return True


def free_port():
    """Below the ephemeral range: no outgoing connection of ours can sit on it while the box restarts."""
    for _ in range(1000):
        port = random.randrange(12000, 32000)
        with contextlib.closing(socket.socket()) as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        if claim_port(port):
            return port
    raise AssertionError("no free port")


def tools(given=None):
    """Folder with the programs `peers` and `load`; built when none is given (once, also when many ask)."""
    given = given or os.environ.get("TOTEM_PEERS")
    if given:
        os.environ["TOTEM_PEERS"] = os.path.abspath(given)
        return os.environ["TOTEM_PEERS"]
    out = ROOT / "build" / "release"
    out.mkdir(parents=True, exist_ok=True)
    with open(out / ".tools.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "-s", "--no-print-directory", "V=release", "peers"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL,
                       env={k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "V")})
    os.environ["TOTEM_PEERS"] = str(out)
    return str(out)


@functools.lru_cache
def is_sanitized(binary):
    with open(binary, "rb") as f:
        data = f.read()
    return b"__asan_init" in data or b"__tsan_init" in data


def end_process(p, grace=10):
    if p is None or p.poll() is not None:
        return
    p.terminate()
    try:
        p.wait(grace)
    except subprocess.TimeoutExpired:
        p.kill()
        p.wait()


# --- HTTP ------------------------------------------------------------------------------------------------------------

class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:400]!r}"


def http_call(port, method, path, body=None, headers=None, timeout=WAIT):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    headers = dict(headers or {})
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    try:
        c.request(method, path, body, headers)
        r = c.getresponse()
        return Answer(r.status, r.headers, r.read())
    finally:
        c.close()


def raw(port, data, timeout=5.0, half_close=False):
    """Sends bytes as they are and reads until the other side closes or nothing comes for `timeout` seconds."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), WAIT)) as s:
        got = b""
        try:
            s.sendall(data)
            if half_close:
                s.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        s.settimeout(timeout)
        try:
            while True:
                more = s.recv(65536)
                if not more:
                    break
                got += more
        except OSError:
            pass
        return got


def statuses_of(raw_bytes):
    return [int(x) for x in re.findall(rb"HTTP/1\.[01] (\d{3}) ", raw_bytes)]


def sign(body, secret=SECRET):
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


# --- what Meta sends -------------------------------------------------------------------------------------------------

def new_wamid():
    return "wamid.TEST" + "".join(random.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=24)) + "=="


def meta_body(values, waba=WABA):
    return json.dumps({"object": "whatsapp_business_account", "entry": [
        {"id": waba, "changes": [{"value": v, "field": "messages"} for v in values]}]}).encode()


def meta_value(messages=(), statuses=(), phone_id=PHONE_ID):
    v = {"messaging_product": "whatsapp", "metadata": {"display_phone_number": DISPLAY, "phone_number_id": phone_id}}
    if messages:
        v["contacts"] = [{"profile": {"name": "Lucía"}, "wa_id": m["from"]} for m in messages]
        v["messages"] = list(messages)
    if statuses:
        v["statuses"] = list(statuses)
    return v


def meta_text(sender, text, wamid=None, at=None):
    return {"from": sender, "id": wamid or new_wamid(), "timestamp": str(int(at or time.time())), "type": "text",
            "text": {"body": text}}


def meta_hook(sender, text, wamid=None, **more):
    return meta_body([meta_value([meta_text(sender, text, wamid)], **more)])


# --- the event stream ------------------------------------------------------------------------------------------------

class Stream:
    """Reads server-sent events in a thread. `events` holds (id, event, data)."""

    def __init__(self, port, token, last_id=None, path="/api/v1/whatsapp/stream"):
        self.events, self.passing, self.closed = [], [], threading.Event()
        self.sock = socket.create_connection(("127.0.0.1", port), WAIT)
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n"
        if last_id is not None:
            head += f"Last-Event-ID: {last_id}\r\n"
        self.sock.sendall((head + "\r\n").encode())
        self.sock.settimeout(WAIT)
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            more = self.sock.recv(65536)
            assert more, "the stream ended in its head"
            self.buffer += more
        self.head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        self.sock.settimeout(None)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        try:
            while True:
                while b"\n\n" in self.buffer:
                    block, self.buffer = self.buffer.split(b"\n\n", 1)
                    self._block(block.decode())
                more = self.sock.recv(65536)
                if not more:
                    break
                self.buffer += more
        except OSError:
            pass
        self.closed.set()

    def _block(self, text):
        fields = {}
        for line in text.split("\n"):
            if line and not line.startswith(":"):
                name, _, value = line.partition(":")
                fields[name] = value.lstrip(" ")
        if "data" in fields and "id" not in fields:  # not kept: presence, how the queues stand
            self.passing.append(fields.get("event", "message"))
        elif "data" in fields:
            self.events.append((int(fields["id"]), fields.get("event", "message"), json.loads(fields["data"])))

    def kinds(self):
        return [k for _, k, _ in self.events]

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


# --- the doubles -----------------------------------------------------------------------------------------------------

class Peers:
    def __init__(self, totem_port, api_token, *flags):
        self.process = subprocess.Popen(
            [tools() + "/peers", "--with-parent", "--totem", f"http://127.0.0.1:{totem_port}", "--app-secret", SECRET,
             "--waba", WABA, "--phone-id", PHONE_ID, "--token", META_TOKEN, "--verify-token", VERIFY,
             "--chatwoot-token", CHATWOOT_TOKEN, "--chatwoot-secret", CHATWOOT_SECRET, "--chatwoot-hook",
             "/webhooks/chatwoot/chatwoot", "--api-token", api_token, *flags], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.port = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", line)}
        assert len(self.port) >= 3, f"the doubles did not start: {line!r}"

    def call(self, who, verb, body=None, method="POST", timeout=WAIT):
        a = http_call(self.port[who], method, "/_double/" + verb, body if body is not None else {}, timeout=timeout)
        assert a.status in (200, 201), (verb, a)
        return a.json

    def state(self, who, brief=True):
        return self.call(who, "state" + ("?brief=1" if brief else ""), method="GET")

    def messages(self, who):
        return self.state(who, brief=False)["messages"]

    def behave(self, who, do, **more):
        return self.call(who, "behave", {"do": do, **more})

    def options(self, who, **values):
        return self.call(who, "options", values)

    def say(self, who="meta", **what):
        return self.call(who, "say", what)

    def chatwoot_answered(self):
        """Waits until all webhooks of Chatwoot are answered, the late ones too. Those of the same millisecond may overtake one another:
        a test of an order says one thing, waits, and says the next."""
        def answered():
            s = self.state("chatwoot")
            return s["hooks_posted"] == s["hooks_ok"] + s["hooks_failed"]
        wait_until(answered, what="Chatwoot's webhooks are answered")

    def stop(self):
        end_process(self.process)


# --- the box ---------------------------------------------------------------------------------------------------------

class Box:
    """`with Box() as b:` a configured, running box and its doubles. `settings` go to --set; None takes one away."""

    def __init__(self, settings=None, n8n="/webhook/echo", peers=(), doubles=True, start=True, binary=None):
        self.binary = binary or BINARY
        self.sanitized = is_sanitized(self.binary)
        self.dir = tempfile.mkdtemp(prefix="totem-test-")
        atexit.register(shutil.rmtree, self.dir, True)
        self.data = self.dir + "/data"
        self.log_path = self.dir + "/log"
        self.main, self.hooks = free_port(), free_port()
        self.process = self.peers = None
        self.streams = []
        self.token = self.new_token("tests", SCOPES)
        if doubles:
            self.peers = Peers(self.hooks, self.token, *peers)
        self.settings = self._settings(n8n)
        for k, v in (settings or {}).items():
            self.settings[k] = v
        if start:
            self.start()

    def _settings(self, n8n):
        s = {"listen": f"127.0.0.1:{self.main}", "hooks_listen": f"127.0.0.1:{self.hooks}"}
        s.update({"channel.main.provider": "meta", "channel.main.phone_number_id": PHONE_ID, "channel.main.waba_id": WABA,
                  "channel.main.token": META_TOKEN, "channel.main.app_secret": SECRET, "channel.main.verify_token": VERIFY,
                  "channel.main.rate_per_second": "1000", "channel.main.recipient_every_ms": "0",
                  "channel.main.timeout_ms": "2000", "channel.main.window_hours": "0"})
        if self.sanitized:
            s["sandbox"] = "false"  # looking for leaks at the end needs ptrace, which a shut-in process may not use
        for q in QUEUES:
            s[f"queue.{q}.backoff_ms"] = "100"
        if self.peers:
            port = self.peers.port
            s["channel.main.base_url"] = f"http://127.0.0.1:{port['meta']}"
            s.update({"chatwoot.chatwoot.url": f"http://127.0.0.1:{port['chatwoot']}", "chatwoot.chatwoot.inbox_id": "1",
                      "chatwoot.chatwoot.account_id": "1", "chatwoot.chatwoot.token": CHATWOOT_TOKEN,
                      "chatwoot.chatwoot.secret": CHATWOOT_SECRET, "chatwoot.chatwoot.timeout_ms": "2000"})
            if n8n:
                s.update({"n8n.main.url": f"http://127.0.0.1:{port['n8n']}{n8n}", "n8n.main.timeout_ms": "2000"})
        return s

    # process

    def arguments(self):
        sets = [x for k, v in self.settings.items() if v is not None for x in ("--set", f"{k}={v}")]
        return [self.binary, "serve", "--data", self.data, "--with-parent", *sets]

    def start(self, wait=WAIT):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.arguments(), stdout=subprocess.PIPE, stderr=log, cwd=self.dir)
        line = b""
        end = time.monotonic() + wait
        os.set_blocking(self.process.stdout.fileno(), False)
        while b"\n" not in line:
            line += self.process.stdout.read() or b""
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the box did not start ({self.process.poll()}): {line!r}\n{self.log()[-3000:]}")
            time.sleep(0.001)
        assert line.startswith(b"listening "), line
        self.started_line = line.decode().strip()
        return self

    def stop(self):
        """SIGTERM; the box has to end well."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("SIGTERM did not end the box within 20 s")
        self.process.stdout.close()
        self.process = None
        equal(code, 0, "exit code after SIGTERM")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process = None

    def alive(self):
        assert self.process and self.process.poll() is None, f"the box ended: {self.log()[-2000:]}"

    def rss_mb(self):
        """0 for a sanitized build, whose memory says nothing."""
        if self.sanitized:
            return 0.0
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) / 1024

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for s in self.streams:
            s.close()
        try:
            if self.process is not None:
                if kind is None:
                    self.alive()
                    self.stop()
                else:
                    end_process(self.process)
        finally:
            if self.peers:
                self.peers.stop()
            if kind is not None:
                print(f"--- the box's log, last lines\n{self.log()[-4000:]}" if os.path.exists(self.log_path) else "")
            shutil.rmtree(self.dir, ignore_errors=True)

    # talking to it

    def cli(self, *words, code=0, stdin=None, timeout=60):
        """Runs `totem WORDS --data ...`; returns stdout. code None: any."""
        p = subprocess.run([self.binary, *words, "--data", self.data], stdin=subprocess.DEVNULL if stdin is None else None,
                           input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout,
                           cwd=self.dir)
        self.last = p
        if code is not None:
            assert p.returncode == code, f"totem {' '.join(words)}: exit {p.returncode}, want {code}\n{p.stdout}\n{p.stderr}"
        return p.stdout

    def new_token(self, name, scopes):
        """Through the CLI, beside a server or without one."""
        return json.loads(self.cli("token", "create", name, "--scopes", scopes, "--json"))["token"]

    def api(self, method, path, body=None, token=True, headers=None, port=None, timeout=WAIT):
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = "Bearer " + (self.token if token is True else token)
        return http_call(port or self.main, method, path, body, headers, timeout)

    def get(self, path, status=200, **more):
        a = self.api("GET", path, **more)
        assert a.status == status, f"GET {path}: {a}"
        return a.json

    def post(self, path, body=None, status=200, **more):
        a = self.api("POST", path, body if body is not None else {}, **more)
        assert a.status == status, f"POST {path}: {a}"
        return a.json

    def send(self, to, text, status=202, **more):
        headers = more.pop("headers", None)
        return self.post("/api/v1/messages", {"to": to, "type": "text", "text": {"body": text}, **more}, status,
                         headers=headers)

    def hook(self, body, signature=None, path="/webhooks/whatsapp", headers=None, timeout=WAIT):
        h = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}
        if signature is not False:
            h["X-Hub-Signature-256"] = signature or sign(body)
        return http_call(self.hooks, "POST", path, body, {**h, **(headers or {})}, timeout)

    def chatwoot_hook(self, body, secret=CHATWOOT_SECRET, at=None, path="/webhooks/chatwoot/chatwoot", delivery=None):
        at = str(int(at if at is not None else time.time()))
        mac = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
        return http_call(self.hooks, "POST", path, body, {
            "Content-Type": "application/json", "X-Chatwoot-Signature": "sha256=" + mac, "X-Chatwoot-Timestamp": at,
            "X-Chatwoot-Delivery": delivery or "%08x-0000-4000-8000-000000000000" % random.getrandbits(32)})

    def stream(self, last_id=None):
        s = Stream(self.main, self.token, last_id)
        self.streams.append(s)
        return s

    def messages(self, **filters):
        """All messages, newest first, over all pages."""
        rows, after = [], ""
        while True:
            page = self.get("/api/v1/messages?limit=500" + after)
            rows += page["data"]
            if not page.get("next"):
                break
            after = "&after=" + page["next"]
        return [m for m in rows if all(m.get(k) == v for k, v in filters.items())]

    def queues(self):
        return {q["name"]: q for q in self.get("/api/v1/queues")["data"]}

    def busy(self):
        return {n: (q["waiting"], q["active"], q["delayed"]) for n, q in self.queues().items()
                if q["waiting"] + q["active"] + q["delayed"] > 0 and n != "upkeep"}  # its next run always waits

    def wait_idle(self, timeout=WAIT * 2):
        quiet = 0
        end = time.monotonic() + timeout
        while quiet < 3:  # statuses of the doubles come a little later
            busy = self.busy()
            quiet = 0 if busy else quiet + 1
            assert time.monotonic() < end, f"queues are not empty: {busy}"
            time.sleep(0.05)

    def dead_letters(self):
        return self.get("/api/v1/dead-letters?limit=500")["data"]

    def metrics(self):
        a = self.api("GET", "/metrics")
        assert a.status == 200, a
        out = {}
        for line in a.body.decode().splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                out[name] = float(value)
        return out
