"""The service manager's side: listening sockets that it holds, readiness and the watchdog, the sandbox after start."""
import datetime, errno, os, re, signal, socket, sqlite3, subprocess, threading, time
from lib import *


class Activator:
    """Holds the listening sockets as systemd does, and hands them to each new process as descriptors 3 and 4."""

    def __init__(self, box):
        self.box, self.sockets = box, []
        for port in (box.main, box.hooks):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", port))
            s.listen(1024)
            self.sockets.append(s)

    def start(self, env=None):
        def hand_over():
            high = [os.dup(s.fileno()) for s in self.sockets]
            for i, fd in enumerate(high):
                fd = os.dup2(fd, 20 + i)
            for i in range(len(high)):
                os.dup2(20 + i, 3 + i, inheritable=True)
            os.environ["LISTEN_PID"] = str(os.getpid())
        b = self.box
        words = ["/bin/sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=2 exec "$0" "$@"', *b.arguments()]
        with open(b.log_path, "ab") as log:
            b.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, cwd=b.dir, preexec_fn=hand_over,
                                         close_fds=False, env={**os.environ, **(env or {})})
        line = b.process.stdout.readline()
        assert line.startswith(b"listening "), (line, b.log()[-2000:])
        return line.decode()


def test_a_restart_under_load_refuses_nobody():
    with Box(doubles=False, start=False) as b:
        a = Activator(b)
        a.start()
        assert "socket.not_used" not in b.log()
        stop, counts, lock, sent = threading.Event(), {"ok": 0, "refused": 0, "cut": 0}, threading.Lock(), []

        def client(n):
            i = 0
            while not stop.is_set():
                body = meta_hook(f"3460012{n:04}", f"c{n} m{i}")
                while not stop.is_set():  # as Meta does: the same bytes until there is a 200
                    try:
                        status = b.hook(body, timeout=30).status
                        if status == 200:
                            with lock:
                                counts["ok"] += 1
                                sent.append(body)
                            break
                    except OSError as e:
                        with lock:
                            counts["refused" if e.errno == errno.ECONNREFUSED else "cut"] += 1
                    except http.client.HTTPException:
                        with lock:
                            counts["cut"] += 1
                i += 1
        threads = [threading.Thread(target=client, args=(n,)) for n in range(8)]
        for t in threads:
            t.start()
        for _ in range(3):
            time.sleep(0.4)
            b.stop()
            time.sleep(0.2)  # nobody accepts: connections wait in the queue of the socket
            a.start()
        time.sleep(0.4)
        stop.set()
        for t in threads:
            t.join()
        print(f"three restarts: {counts}")
        equal(counts["refused"], 0)
        assert counts["ok"] > 50, counts
        wait_until(lambda: len(b.messages(direction="inbound")) >= counts["ok"], what="all are there")
        equal(len({m["id"] for m in b.messages(direction="inbound")}), len(set(sent)), "none twice")


def test_a_socket_that_no_setting_names_is_told():
    with Box(doubles=False, start=False) as b:
        a = Activator(b)
        b.settings["hooks_listen"] = "127.0.0.1:0"
        a.start()
        assert "socket.not_used" in b.log(), b.log()
        b.stop()


def receiver(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(path)
    s.settimeout(20)
    return s


def boot(b):
    """When the newest start was, and its last sign of life."""
    db = sqlite3.connect(f"file:{b.data}/totem.db?mode=ro", uri=True)
    row = db.execute("SELECT started_ms, alive_ms FROM boots ORDER BY id DESC LIMIT 1").fetchone()
    db.close()
    return row


def test_the_service_manager_is_told():
    with Box(doubles=False, start=False) as b:
        path = b.dir + "/notify"
        s = receiver(path)
        a = Activator(b)
        a.start({"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "900000"})
        words = [s.recv(1000).decode() for _ in range(5)]
        assert "EXTEND_TIMEOUT_USEC=" in words[0], words  # a migration may last longer than the unit allows
        assert any("READY=1" in w for w in words), words
        assert sum("WATCHDOG=1" in w for w in words) >= 2, words
        started, alive = boot(b)
        assert alive > started, "each beat is a row that was committed"
        b.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 10
        seen = ""
        while "RELOADING=1" not in seen and time.monotonic() < end:
            seen += s.recv(1000).decode() + "\n"
        assert "MONOTONIC_USEC=" in seen, seen
        b.stop()
        seen = ""
        s.settimeout(2)
        while "STOPPING=1" not in seen:
            seen += s.recv(1000).decode()
        # Of a start that ends badly the last beat is the last sign of life: nothing else happened.
        a.start({"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "900000"})
        wait_until(lambda: boot(b)[1] > 0, what="a beat")
        b.kill()
        started, alive = boot(b)
        a.start()
        receipt = b.get("/api/v1/receipts")["data"][0]
        equal(receipt["kind"], "crash")
        at = datetime.datetime.fromisoformat(receipt["from"].replace("Z", "+00:00")).timestamp() * 1000
        assert abs(at - alive) < 1000 and alive > started, (receipt, started, alive)
        b.stop()
        s.close()


def test_the_screen_of_the_box_shows_the_page():
    unit = (ROOT / "systemd/totem-kiosk.service").read_text()
    url = re.search(r"^Environment=KIOSK_URL=http://127\.0\.0\.1:8080(/\S*)$", unit, re.M)
    with Box(doubles=False) as b:
        r = b.api("GET", url.group(1), token=False)
        equal(r.status, 200)
        assert b"<html" in r.body, r.body[:200]


def status_of(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(line.split(":", 1) for line in f.read().splitlines())


def test_an_idle_box_is_small():
    """What only it has, in all of its threads, after each of them has looked for work once (they look each second)."""
    def dirty():
        with open(f"/proc/{b.process.pid}/smaps_rollup") as f:
            return int(re.search(r"Private_Dirty:\s+(\d+)", f.read()).group(1)) / 1024

    def looks(name):
        for task in Path(f"/proc/{b.process.pid}/task").iterdir():
            if (task / "comm").read_text().strip() == name:
                return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(), re.M).group(1))
        return 0

    with Box(doubles=False) as b:
        if b.sanitized:
            return
        wait_until(lambda: looks("messages.0") > 2 and looks("media.3") > 2, what="they looked")
        assert dirty() < 7.8, dirty()


def test_the_process_is_shut_in_after_its_start():
    with Box(n8n=None) as b:
        entered = [json.loads(line) for line in b.log().splitlines() if "sandbox.entered" in line]
        assert entered, b.log()
        for task in os.listdir(f"/proc/{b.process.pid}/task"):  # every thread
            s = status_of(f"{b.process.pid}/task/{task}")
            equal(s["NoNewPrivs"].strip(), "1")
            if entered[0]["seccomp"] == "on":
                equal(s["Seccomp"].strip(), "2")
        # And everything works inside of it: receive, send, back up, stop, start.
        equal(b.hook(meta_hook("34600123456", "hola")).status, 200)
        m = b.send("34600123456", "hi")
        wait_until(lambda: b.get("/api/v1/messages/" + m["id"])["status"] in ("sent", "delivered", "read"), what="sent")
        b.post("/api/v1/backups", status=202)
        wait_until(lambda: b.get("/api/v1/backups")["data"], what="backup")
        b.stop()
        # A folder that is not its own is not there for it: the setting is read again, the folder is not.
        if entered[0]["landlock"] == "on":
            open(b.dir + "/outside.pem", "w").write("x")
        b.settings["sandbox"] = "false"
        b.start()
        assert "sandbox.entered" not in b.log().split("totem.stopped")[-1], "it can be switched off"


def test_dashboard_and_alerts_name_metrics_that_exist():
    with Box(settings={"lookup.a.url": "http://127.0.0.1:9/x"}) as b:
        b.hook(meta_hook("34600123456", "hola"))
        b.wait_idle()
        names = {re.split(r"[{ ]", k)[0] for k in b.metrics()}
        for file in ("packaging/grafana/totem.json", "packaging/prometheus/totem.rules.yml"):
            text = (ROOT / file).read_text()
            used = set(re.findall(r"\b(?:totem_[a-z_]+|process_[a-z_]+)\b", text)) - {"totem_rules"}
            assert len(used) > 5, used
            equal(sorted(used - names), [], f"{file} names metrics that nothing gives")
        json.loads((ROOT / "packaging/grafana/totem.json").read_text())


def test_packaging_says_what_the_tables_say():
    def out(*words):
        return subprocess.run([BINARY, *words], stdout=subprocess.PIPE, text=True, check=True).stdout
    for file, words in (("completion/totem.bash", ("help", "--bash")), ("completion/_totem", ("help", "--zsh")),
                        ("totem.conf.example", ("init", "--print"))):
        equal((ROOT / "packaging" / file).read_text() == out(*words), True, f"packaging/{file} is old: make docs")
    assert out("help", "--man") in (ROOT / "packaging/man/totem.1").read_text(), "the man page is old: make docs"
    complete = 'source packaging/completion/totem.bash; COMP_WORDS=(totem %s ""); COMP_CWORD=2; _totem; echo "${COMPREPLY[@]}"'

    def words_of(command):
        return set(subprocess.run(["bash", "-c", complete % command], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.split())
    assert {"make", "list", "copy", "stick", "--to", "--data"} <= words_of("backup"), words_of("backup")
    assert {"add", "role", "--language"} <= words_of("user") and "es" not in words_of("user"), words_of("user")


def test_certificates_are_reread_on_sighup():
    import ssl
    with Box(doubles=False, start=False) as b:
        pem = b.dir + "/renewed/cert.pem"
        os.mkdir(b.dir + "/renewed")
        os.mkdir(b.dir + "/live")
        os.symlink("../renewed/cert.pem", b.dir + "/live/cert.pem")  # as certbot's are

        def make(name):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                            pem + ".key", "-out", pem + ".crt", "-days", "30", "-subj", f"/CN={name}"], check=True, stderr=subprocess.DEVNULL)
            open(pem + ".new", "wb").write(open(pem + ".key", "rb").read() + open(pem + ".crt", "rb").read())
            os.replace(pem + ".new", pem)

        def seen(port):
            c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
            with socket.create_connection(("127.0.0.1", port), 10) as s, c.wrap_socket(s) as t:
                t.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                answer = t.recv(65536)
                assert b"Strict-Transport-Security: max-age=" in answer, answer
                return t.getpeercert(True)
        make("one")
        b.settings["tls_cert"] = b.dir + "/live/cert.pem"
        b.start()
        first = seen(b.main), seen(b.hooks)
        make("two")
        b.process.send_signal(signal.SIGHUP)
        wait_until(lambda: b.log().count("tls.reloaded") == 2, what="reloaded")
        assert seen(b.main) != first[0] and seen(b.hooks) != first[1]
        second = seen(b.main)
        open(pem, "w").write("nonsense")
        b.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "tls.not_reloaded" in b.log(), what="told")
        equal(seen(b.main), second, "the old one stays")
