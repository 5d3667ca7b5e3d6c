#!/usr/bin/env python3
"""The real n8n against the real box: our workflows are imported through the API, both conversations are run, n8n goes away
and comes back.

    run.py BINARY TOOLS [-k WORD] [--install-only]

TOOLS: folder with `peers`. n8n is installed once below build/n8n (about 2.3 GB, some minutes, from the npm registry; node
20.19 to 24, a C++ compiler, make and python3 are needed for its SQLite). Everything listens on 127.0.0.1 and ends by its own
pid. Closing line: `N passed, N failed`."""
import argparse, http.cookies, json, os, shutil, signal, subprocess, sys, tempfile, time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))
VERSION = "2.8.4"  # the newest for node 20
HOME = ROOT / "build" / "n8n"
APP = HOME / "app"
PACKAGE = {"private": True, "dependencies": {"n8n": VERSION},
           # its own dependency is a tarball on another host
           "overrides": {"xlsx": "npm:@e965/xlsx@0.20.2"}}
DOUBLES = ("--meta", "0", "--chatwoot", "0", "--n8n", "0", "--calidda", "0")
START = 120.0


def nodedir():
    """Where node's own headers are, so that nothing is downloaded for the compile of SQLite; None: npm finds them."""
    node = shutil.which("node")
    prefix = Path(os.path.realpath(node)).parent.parent if node else None
    return str(prefix) if prefix and (prefix / "include" / "node" / "node_api.h").exists() else None


def install():
    done = APP / "node_modules" / "n8n" / "package.json"
    if done.exists() and json.loads(done.read_text())["version"] == VERSION and (HOME / "installed").exists():
        return 0.0
    begin = time.monotonic()
    APP.mkdir(parents=True, exist_ok=True)
    (APP / "package.json").write_text(json.dumps(PACKAGE, indent=2) + "\n")
    env = {**os.environ, **({"npm_config_nodedir": nodedir()} if nodedir() else {})}
    with open(HOME / "install.log", "w") as log:
        code = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"], cwd=APP, env=env, stdout=log,
                              stderr=subprocess.STDOUT).returncode
    if code != 0 or not done.exists():
        sys.exit(f"npm install failed ({code}): see {HOME / 'install.log'}")
    (HOME / "installed").write_text(VERSION + "\n")
    return time.monotonic() - begin


class N8n:
    """One n8n with a folder of its own. Its runner is a child: both end with their process group."""

    def __init__(self, free_port):
        self.dir = tempfile.mkdtemp(prefix="totem-n8n-")
        self.port, self.runner_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("N8N_", "DB_"))}
        env.update({"N8N_USER_FOLDER": self.dir, "N8N_LISTEN_ADDRESS": "127.0.0.1", "N8N_PORT": str(self.port),
                    "N8N_HOST": "127.0.0.1", "N8N_PROTOCOL": "http", "WEBHOOK_URL": self.url + "/", "DB_TYPE": "sqlite",
                    "N8N_ENCRYPTION_KEY": "test-key-of-the-test", "N8N_DISABLE_UI": "true", "N8N_DIAGNOSTICS_ENABLED": "false",
                    "N8N_VERSION_NOTIFICATIONS_ENABLED": "false", "N8N_TEMPLATES_ENABLED": "false",
                    "N8N_PERSONALIZATION_ENABLED": "false", "N8N_HIRING_BANNER_ENABLED": "false",
                    "N8N_COMMUNITY_PACKAGES_ENABLED": "false", "EXECUTIONS_DATA_SAVE_ON_SUCCESS": "none",
                    "EXECUTIONS_DATA_SAVE_ON_ERROR": "all", "N8N_RUNNERS_BROKER_LISTEN_ADDRESS": "127.0.0.1",
                    "N8N_RUNNERS_BROKER_PORT": str(self.runner_port), "N8N_SECURE_COOKIE": "false", "GENERIC_TIMEZONE": "UTC"})
        self.log = open(os.path.join(self.dir, "log"), "ab")
        self.process = subprocess.Popen([str(APP / "node_modules" / ".bin" / "n8n"), "start"], env=env, cwd=self.dir,
                                        stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                        start_new_session=True)

    def wait(self, lib):
        def ready():
            assert self.process.poll() is None, f"n8n ended: {Path(self.dir, 'log').read_text()[-2000:]}"
            try:
                return lib.http_call(self.port, "GET", "/healthz/readiness").status == 200
            except OSError:
                return False
        lib.wait_until(ready, START, what="n8n is ready", every=0.2)

    def stop(self):
        if self.process is None:
            return
        group = self.process.pid  # its session is its own
        for sig, grace in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
            try:
                os.killpg(group, sig)
            except ProcessLookupError:
                break
            try:
                self.process.wait(grace)
                break
            except subprocess.TimeoutExpired:
                pass
        self.process = None
        self.log.close()

    def close(self):
        self.stop()
        shutil.rmtree(self.dir, True)

    def key(self, lib):
        """The first owner, and a key of the public API."""
        owner = {"email": "owner@example.test", "firstName": "Own", "lastName": "Er", "password": "Passw0rd-of-a-test"}
        answers = []  # "ready" comes before the routes (404) and, on a busy machine, before the database (503)

        def made():
            answers.append(lib.http_call(self.port, "POST", "/rest/owner/setup", owner))
            return answers[-1].status not in (404, 503)
        lib.wait_until(made, START, what="the first owner", every=0.3)
        a = answers[-1]
        assert a.status == 200, f"owner: {a}"
        cookie = http.cookies.SimpleCookie()
        for name, value in a.headers.items():
            if name.lower() == "set-cookie":
                cookie.load(value)
        head = {"Cookie": "; ".join(f"{k}={v.value}" for k, v in cookie.items())}
        scopes = [f"{x}:{y}" for x in ("workflow", "credential") for y in ("create", "read", "update", "delete", "list")]
        a = lib.http_call(self.port, "POST", "/rest/api-keys", {"label": "totem", "expiresAt": None, "scopes": scopes + [
            "workflow:activate", "workflow:deactivate"]}, headers=head)
        assert a.status == 200, f"key: {a}"
        return a.json["data"]["rawApiKey"]


class Run:
    def __init__(self, lib, n8n, box):
        self.lib, self.n8n, self.box = lib, n8n, box
        self.path = "/api/v1/n8n/main/workflows"

    def sends(self, to=None):
        return [m["text"] for m in self.box.peers.messages("meta") if to in (None, m["to"])]

    def say(self, who, text, answer):
        self.box.peers.say("meta", **{"from": who, "text": text})
        self.lib.wait_until(lambda: answer in self.sends(who), 60,
                            what=lambda: f"{answer!r}: {self.sends(who)} {self.box.busy()} {self.box.log()[-1500:]}")

    def imported(self, workflow):
        a = self.box.api("POST", self.path, {"workflow": workflow, "use": True}, port=self.box.main)
        assert a.status == 202, a
        row = lambda: [x for x in self.box.api("GET", self.path, port=self.box.main).json["data"] if x["workflow"] == workflow][0]
        self.lib.wait_until(lambda: row()["state"] in ("done", "failed"), 90, what=lambda: f"the import: {row()}")
        assert row()["state"] == "done", row()
        return row()

    # --- the tests, in this order

    def test_the_echo_is_imported_and_answers(self):
        row = self.imported("echo")
        self.lib.equal(row["webhook_url"], self.n8n.url + "/webhook/totem-echo")
        self.say("51900000001", "hola ñandú \"1\"", "eco: hola ñandú \"1\"")

    def test_a_stranger_is_not_let_in(self):
        a = self.lib.http_call(self.n8n.port, "POST", "/webhook/totem-echo", {"id": "1", "text": "x"})
        self.lib.equal(a.status, 403, a)

    def test_the_dni_conversation(self):
        self.imported("dni")
        self.say("51900000002", "Consultar DNI 08408122", "Juan, su saldo es S/ 5000.00.")
        self.say("51900000002", "y el 99408122?", "No encontramos el DNI 99408122.")
        self.say("51900000002", "hola", "Escriba: Consultar DNI y los 8 números.")
        c = [x for x in self.box.get("/api/v1/conversations")["data"] if x["wa_id"] == "51900000002"][0]
        self.lib.equal(c["labels"], ["dni-consultado"])
        state = self.box.peers.state("calidda")
        self.lib.equal((state["logins"], state["queries"]), (1, 2), "one session for all")

    def test_the_upstream_is_down(self):
        self.box.peers.behave("calidda", "503", match="/clientes")
        self.say("51900000003", "DNI 08408122", "No pudimos consultar ahora. Intente de nuevo en unos minutos.")

    def test_a_person_takes_over(self):
        self.say("51900000004", "quiero un asesor", "Le comunico con un asesor.")
        c = [x for x in self.box.get("/api/v1/conversations")["data"] if x["wa_id"] == "51900000004"][0]
        state = self.box.get(f"/api/v1/conversations/{c['id']}/state")
        self.lib.equal((state["status"], state["automation_off_why"]), ("open", "handover"))
        self.box.peers.say("meta", **{"from": "51900000004", "text": "DNI 08408122"})
        self.box.wait_idle()
        self.lib.equal(self.sends("51900000004"), ["Le comunico con un asesor."])

    def test_again_is_not_twice(self):
        self.imported("dni")
        self.say("51900000005", "DNI 08408123", "Cliente de prueba, su saldo es S/ 120.50.")

    def test_n8n_restarts_under_traffic(self):
        """Stopped, killed and started again while customers write: each message is answered once."""
        self.n8n.stop()
        for i in range(10):
            self.box.peers.say("meta", **{"from": f"5191111111{i}", "text": f"hola {i}"})
        time.sleep(1)
        self.n8n.start()
        for i in range(10):
            self.box.peers.say("meta", **{"from": f"5191111111{i}", "text": f"DNI 0840812{i}"})
        self.n8n.wait(self.lib)
        self.lib.wait_until(lambda: all(len(self.sends(f"5191111111{i}")) == 2 for i in range(10)), 120,
                            what=lambda: f"all answered: {self.box.busy()}")
        self.box.wait_idle(60)
        for i in range(10):
            got = self.sends(f"5191111111{i}")
            assert got[0].startswith("Escriba:") and "saldo" in got[1] and len(got) == 2, got
        self.lib.equal(self.box.dead_letters(), [])
        state = self.box.peers.state("meta")
        self.lib.equal(state["doubled"], 0)

    def plain_workflow(self):
        """Somebody's own: it starts at once and answers by POST /messages like any program, with no sender, hop or token of the run."""
        hook = {"parameters": {"httpMethod": "POST", "path": "plain", "responseMode": "onReceived", "options": {}},
                "id": "1", "webhookId": "plain", "name": "In", "type": "n8n-nodes-base.webhook", "typeVersion": 2, "position": [0, 0]}
        post = {"parameters": {"method": "POST", "url": f"http://127.0.0.1:{self.box.main}/api/v1/messages",
                               "sendHeaders": True, "headerParameters": {"parameters": [
                                   {"name": "Authorization", "value": f"Bearer {self.box.token}"},
                                   {"name": "Idempotency-Key", "value": "={{ $json.body.idempotency_key }}"}]},
                               "sendBody": True, "specifyBody": "json",
                               "jsonBody": '={{ JSON.stringify({conversation_id: $json.body.conversation, '
                                           'text: "plain: " + $json.body.text}) }}', "options": {}},
                "id": "2", "name": "Out", "type": "n8n-nodes-base.httpRequest", "typeVersion": 4.2, "position": [220, 0]}
        head = {"X-N8N-API-KEY": self.api_key}
        a = self.lib.http_call(self.n8n.port, "POST", "/api/v1/workflows", {
            "name": "plain", "nodes": [hook, post], "settings": {},
            "connections": {"In": {"main": [[{"node": "Out", "type": "main", "index": 0}]]}}}, headers=head)
        assert a.status == 200, a
        a = self.lib.http_call(self.n8n.port, "POST", f"/api/v1/workflows/{a.json['id']}/activate", {}, headers=head)
        assert a.status == 200, a
        a = self.box.api("PATCH", "/api/v1/settings", {"n8n.main.url": self.n8n.url + "/webhook/plain"})
        assert a.status == 200, a

    def test_two_bots_that_post_like_any_program(self):
        """A bot at the other end answers whatever that workflow says: stopped within automatic_per_hour, a person is told."""
        bot, answered = "51900000006", 0
        self.plain_workflow()
        a = self.box.api("PATCH", "/api/v1/settings", {"automatic_per_hour": "10"})
        assert a.status == 200, a
        self.say(bot, "ping", "plain: ping")
        end = time.monotonic() + 60
        while time.monotonic() < end and not [i for i in self.box.get("/api/v1/incidents")["data"] if i["kind"] == "loop"]:
            while answered < len(self.sends(bot)):
                answered += 1
                self.box.peers.say("meta", **{"from": bot, "text": f"pong {answered}"})
            time.sleep(0.02)
        assert [i for i in self.box.get("/api/v1/incidents")["data"] if i["kind"] == "loop"], f"no alarm: {len(self.sends(bot))} sends"
        self.box.wait_idle()
        said = len(self.sends(bot))
        assert 5 < said <= 10, said
        self.box.peers.say("meta", **{"from": bot, "text": "pong and no end"})
        self.say("51900000007", "a person", "plain: a person")
        self.lib.equal(len(self.sends(bot)), said, "the stopped one stays stopped")

    def test_the_log_keeps_secrets(self):
        for secret in ("08408122", self.api_key, "double-password"):
            assert secret not in self.box.log(), "a secret or personal data in the log"


def main():
    a = argparse.ArgumentParser()
    a.add_argument("binary")
    a.add_argument("tools")
    a.add_argument("-k", default="")
    a.add_argument("--install-only", action="store_true")
    o = a.parse_args()
    os.environ["TOTEM_BINARY"], os.environ["TOTEM_PEERS"] = os.path.abspath(o.binary), os.path.abspath(o.tools)
    import lib
    took = install()
    print(f"n8n {VERSION} is installed ({took:.0f} s)" if took else f"n8n {VERSION} was installed before", flush=True)
    if o.install_only:
        return 0
    n8n = N8n(lib.free_port)
    passed = failed = 0
    try:
        begin = time.monotonic()
        n8n.start()
        n8n.wait(lib)
        key = n8n.key(lib)
        print(f"n8n is ready ({time.monotonic() - begin:.1f} s)", flush=True)
        box = lib.Box(peers=DOUBLES, n8n=None, start=False)
        upstream = box.peers.port["calidda"]
        box.settings.update({
            "lookup.calidda.url": f"http://127.0.0.1:{upstream}/clientes?dni={{{{dni}}}}", "lookup.calidda.private_ok": "true",
            "lookup.calidda.headers": '{"Authorization":"Bearer {{token}}"}', "lookup.calidda.output_path": "cliente",
            "lookup.calidda.login_url": f"http://127.0.0.1:{upstream}/login", "lookup.calidda.username": "totem",
            "lookup.calidda.password": "double-password", "n8n.main.api_url": n8n.url, "n8n.main.api_key": key,
            "n8n.main.reply_url": f"http://127.0.0.1:{box.hooks}"})
        with box:
            box.start()
            run = Run(lib, n8n, box)
            run.api_key = key
            for name in [x for x in vars(Run) if x.startswith("test_") and o.k in x]:
                begin = time.monotonic()
                try:
                    getattr(run, name)()
                    passed += 1
                    print(f"ok   {name}  {time.monotonic() - begin:.1f} s", flush=True)
                except Exception as e:  # the next one may still say something
                    failed += 1
                    print(f"FAIL {name}  {time.monotonic() - begin:.1f} s\n     {e}", flush=True)
    finally:
        n8n.close()
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
