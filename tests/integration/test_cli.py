"""The command line, beside a running server and without one."""
import json, os, signal, subprocess, time
from lib import *

COMMANDS = ("serve", "init", "check", "migrate", "token", "config", "queue", "send", "chatwoot", "tail", "replay", "prove", "version")


def run(*words, code=0, cwd=None, env=None):
    p = subprocess.run([BINARY, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                       timeout=60, cwd=cwd, env=env)
    if code is not None:
        equal(p.returncode, code, f"totem {' '.join(words)}\n{p.stdout}\n{p.stderr}")
    return p


def test_help_and_wrong_words():
    overview = run("--help").stdout
    for c in COMMANDS:
        assert c in overview, c
        text = run(c, "--help").stdout
        assert text.lower().startswith("usage: totem " + c) or ("totem " + c) in text, text
        equal(run("help", c).stdout, text)
        run(c, "--no-such-option", code=64)
    for words in (("nonsense",), ("token",), ("token", "make"), ("queue", "stop"), ("send",), ("replay",), ("config", "set"),
                  ("serve", "now"), ("tail", "--count", "x"), ("--nonsense",)):
        p = run(*words, "--data", "/nonexistent", code=None)
        assert p.returncode in (64, 65), (words, p)
        assert p.stderr and not p.stdout, p


def test_version():
    plain = run("version").stdout
    assert re.search(r"\d+\.\d+", plain), plain
    verbose = run("version", "--verbose").stdout
    for part in ("sqlite", "curl", "civetweb", "mbedtls"):
        assert part in verbose.lower(), verbose
    json.loads(run("version", "--json").stdout)


def test_init_check_serve():
    with tempfile.TemporaryDirectory() as d:
        env = {**os.environ, "HOME": d}
        run("init", "--data", d + "/data", cwd=d, env=env)
        p = run("check", "--data", d + "/data", cwd=d, env=env, code=None)
        assert p.returncode in (0, 1), p  # findings are allowed: the usual ports may be taken here
        assert p.stdout
        json.loads(run("check", "--data", d + "/data", "--json", cwd=d, env=env, code=None).stdout)
        wrong = json.loads(run("check", "--data", d + "/data", "--json", "--set", "listen=nonsense", cwd=d, env=env, code=1).stdout)["data"]
        wrong += json.loads(run("check", "--json", "--set", "listen=nonsense", cwd=d, env=env, code=1).stdout)["data"]
        equal([f["code"] for f in wrong if f["state"] == "WRONG" and "listen" in f["detail"]], ["SETTINGS", "SETTINGS"], "told once each")
        key = os.stat(d + "/data/totem.key")
        equal(key.st_mode & 0o777, 0o600, "the key is the owner's")
        equal(os.stat(d + "/data").st_mode & 0o077, 0, "the folder is the owner's")
        again = run("init", "--data", d + "/data", cwd=d, env=env, code=None)
        assert again.returncode in (0, 73, 77), again


def every_command(b, served):
    tokens = json.loads(b.cli("token", "list", "--json"))["data"]
    made = json.loads(b.cli("token", "create", f"t{served}", "--scopes", "messages:read queues:read", "--json"))
    assert made["token"].startswith("t") and "messages:read" in made["scopes"], made
    equal(len(json.loads(b.cli("token", "list", "--json"))["data"]), len(tokens) + 1)
    plain = b.cli("token", "create", "plain").strip()
    assert re.fullmatch(r"\S+", plain), plain
    b.cli("token", "revoke", made["id"])
    b.cli("token", "revoke", "00000000-0000-7000-8000-000000000000", code=66)
    b.cli("token", "create", "x", "--scopes", "everything", code=65)

    b.cli("config", "set", "company_name", f"Peña {served}")
    equal(b.cli("config", "get", "company_name").strip(), f"Peña {served}")
    assert "company_name" in b.cli("config", "list")
    json.loads(b.cli("config", "list", "--json"))
    b.cli("config", "set", "no_such_key", "1", code=None)
    assert b.last.returncode in (65, 66), b.last
    b.cli("config", "set", "web_threads", "many", code=65)
    b.cli("config", "unset", "company_name")
    equal(b.cli("config", "get", "company_name").strip(), "Totem")
    b.cli("config", "set", "channel.other.token", "very-secret-token")
    assert "very-secret-token" not in b.cli("config", "list") + b.cli("config", "list", "--json")
    assert "very-secret-token" not in b.cli("config", "get", "channel.other.token", code=None)
    b.cli("config", "unset", "channel.other.token")

    assert "messages" in b.cli("queue", "list")
    equal(len(json.loads(b.cli("queue", "list", "--json"))["data"]), len(QUEUES))
    b.cli("queue", "pause", "messages")
    equal(json.loads(b.cli("queue", "show", "messages", "--json"))["state"], "paused")
    equal(json.loads(b.cli("queue", "list", "--json"))["data"][1]["state"], "paused")
    b.cli("queue", "resume", "messages")
    b.cli("queue", "pause", "none", code=66)
    b.cli("queue", "clear", "webhooks", "--yes", "0")

    assert "nothing is missing" in b.cli("prove", "--lang", "en")
    es = b.cli("prove", "--lang", "es")
    assert "no falta nada" in es and "mensajes recibidos" in es, es
    assert "não falta nada" in b.cli("prove", "--lang", "pt")
    b.cli("prove", "--lang", "xx", code=64)
    assert json.loads(b.cli("prove", "--json"))
    dry = json.loads(b.cli("replay", "--from", "2020-01-01T00:00:00Z", "--to", "2099-01-01T00:00:00Z", "--dry-run", "--json"))
    equal(dry["dry_run"], True)
    b.cli("replay", "not-an-id", code=66)


def test_commands_without_a_server():
    with Box(doubles=False, start=False) as b:
        every_command(b, "alone")
        b.cli("tail", "--count", "1", code=None)
        assert b.last.returncode not in (0, 64), "tail needs a server"


def test_commands_beside_a_server():
    with Box(n8n=None) as b:
        every_command(b, "beside")


def test_send_tail_replay():
    with Box(n8n=None) as b:
        tail = subprocess.Popen([BINARY, "tail", "--json", "--data", b.data], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            time.sleep(0.5)
            sent = json.loads(b.cli("send", "--to", "+34600123456", "--text", "desde la consola", "--json"))
            wait_until(lambda: b.get("/api/v1/messages/" + sent["id"])["status"] == "read", what="read")
            equal(b.peers.messages("meta")[0]["text"], "desde la consola")
            line = tail.stdout.readline()
            assert "{" in line, line
        finally:
            tail.send_signal(signal.SIGINT)
            tail.wait(10)
        b.hook(meta_hook("34600123456", "hola"))
        wait_until(lambda: b.messages(direction="inbound"), what="in")
        b.wait_idle()
        row = b.get("/api/v1/deliveries?limit=1")["data"][0]
        b.cli("replay", row["id"])
        b.wait_idle()
        equal(len(b.messages(direction="inbound")), 1)
        b.cli("send", "--to", "nobody", "--text", "x", code=65)


def test_send_without_a_server_waits_for_one():
    with Box(n8n=None, start=False) as b:
        sets = [x for k, v in b.settings.items() if v is not None for x in ("--set", f"{k}={v}")]
        m = json.loads(b.cli("send", "--to", "34600123456", "--text", "más tarde", "--json", *sets))
        b.start()
        wait_until(lambda: b.get("/api/v1/messages/" + m["id"])["status"] == "read", what="sent by the server")


def test_a_second_server_is_refused():
    with Box(doubles=False) as b:
        p = subprocess.run(b.arguments(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
        equal(p.returncode, 73, p.stderr)
        assert "another" in p.stderr.lower() or "serves" in p.stderr.lower(), p.stderr
        b.alive()


def test_stop_and_reload():
    with Box(n8n=None) as b:
        pid = b.process.pid
        b.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "config.reloaded" in b.log(), what="reload")
        equal(b.process.pid, pid)
        begin = time.monotonic()
        b.stop()
        assert time.monotonic() - begin < 15
        b.start()
        equal(json.load(open(b.data + "/ports.json"))["main"].rsplit(":", 1)[1], str(b.main)) if "main" in json.load(
            open(b.data + "/ports.json")) else None
        own = [t for t in json.loads(b.cli("token", "list", "--json"))["data"] if t["name"] == "cli"]
        equal(len(own), 1, "no row for each start")


def test_it_ends_with_its_parent():
    """--with-parent: nothing stays when a test dies."""
    with Box(doubles=False, start=False) as b:
        script = "import subprocess,sys,time;p=subprocess.Popen(sys.argv[1:],stdout=subprocess.PIPE);p.stdout.readline();print(p.pid,flush=True);time.sleep(60)"
        parent = subprocess.Popen([sys.executable, "-c", script, *b.arguments()], stdout=subprocess.PIPE, text=True)
        pid = int(parent.stdout.readline())
        parent.kill()
        parent.wait()

        def gone():
            try:
                return open(f"/proc/{pid}/stat").read().split()[2] == "Z"
            except OSError:
                return True
        wait_until(gone, what="the box is gone")


def test_bad_configuration():
    with Box(doubles=False, start=False) as b:
        for key, value in (("listen", "nonsense"), ("web_threads", "1000000"), ("no_such_key", "1"), ("log_level", "loud"),
                           ("channel..token", "x"), ("tls_cert", "/nonexistent.pem")):
            p = subprocess.run([BINARY, "serve", "--data", b.data, "--with-parent", "--set", f"hooks_listen=127.0.0.1:{b.hooks}",
                                *(["--set", f"listen=127.0.0.1:{b.main}"] if key != "listen" else []), "--set", f"{key}={value}"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30, stdin=subprocess.DEVNULL)
            assert p.returncode > 0, (key, value, p)
            word = key.split(".")[0]
            assert word in p.stderr, (key, p.stderr)


def test_a_database_of_tomorrow_is_left_alone():
    import sqlite3
    with Box(doubles=False) as b:
        b.stop()
        db = sqlite3.connect(b.data + "/totem.db")
        db.execute("PRAGMA user_version = 9999")
        db.commit()
        db.close()
        p = subprocess.run(b.arguments(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
        assert p.returncode > 0, p
        found = [f for f in json.loads(b.cli("check", "--json", code=1))["data"] if f["code"] == "DATABASE_NEWER"]
        assert found and found[0]["state"] == "WRONG" and "9999" in found[0]["detail"] and found[0]["cure"], found
