"""Lookup connectors and the DNI conversation of source 001: the real binary, an upstream with sessions that end, n8n that
calls back."""
import threading, time
from lib import *

DOUBLES = ("--meta", "0", "--chatwoot", "0", "--n8n", "0", "--calidda", "0")


def connector(port, **more):
    return {"lookup.calidda.url": f"http://127.0.0.1:{port}/clientes?dni={{{{dni}}}}",
            "lookup.calidda.headers": '{"Authorization":"Bearer {{token}}"}', "lookup.calidda.private_ok": "true",
            "lookup.calidda.login_url": f"http://127.0.0.1:{port}/login", "lookup.calidda.username": "totem",
            "lookup.calidda.password": "double-password", "lookup.calidda.ttl_from": "expires_in",
            "lookup.calidda.output_path": "cliente", "lookup.calidda.output": "nombre=nombre saldo=saldo estado=linea.estado",
            "lookup.calidda.expired_when": "status:401 json:error.code=SESSION_EXPIRED", "lookup.calidda.timeout_ms": "2000",
            "lookup.calidda.deadline_ms": "6000", **{f"lookup.calidda.{k}": v for k, v in more.items()}}


def lookup_box(more=None, **kw):
    b = Box(peers=DOUBLES, start=False, **kw)
    b.settings.update(connector(b.peers.port["calidda"], **(more or {})))
    b.start()
    return b


def ask(b, dni):
    a = b.api("POST", "/query", {"dni": dni})
    equal(a.status, 200, a)
    return a.json


def test_query_answers_as_source_001():
    with lookup_box() as b:
        equal(ask(b, "08408122"), {"success": True, "data": {"nombre": "Juan", "saldo": 5000, "estado": "ACTIVA"},
                                   "return_code": 0})
        equal(ask(b, "99000001")["return_code"], 1)
        equal(ask(b, "8408122")["return_code"], 2)
        equal(b.api("POST", "/api/v1/lookups/calidda", {"dni": "08408123"}).json["return_code"], 0)
        equal(b.api("POST", "/api/v1/lookups/none", {"dni": "08408123"}).status, 404)
        equal(http_call(b.hooks, "POST", "/query", {"dni": "08408122"}).status, 401)
        b.peers.call("calidda", "expire")
        equal(ask(b, "08408122")["return_code"], 0, "after the session ended")
        b.peers.options("calidda", expired_as_200=1)
        b.peers.call("calidda", "expire")
        equal(ask(b, "08408122")["return_code"], 0, "after it ended with a 200")
        equal(b.peers.state("calidda")["logins"], 3)
        b.stop()
        b.start()
        equal(ask(b, "08408122")["return_code"], 0, "after a restart")
        equal(b.peers.state("calidda")["logins"], 3, "the session was kept")
        for name in ("totem.db", "totem.db-wal"):
            assert b"08408122" not in Path(b.data, name).read_bytes(), f"no DNI on the disk: {name}"
        for secret in ("08408122", "double-password", "Juan"):
            assert secret not in b.log(), f"{secret} in the log"
        metrics = b.api("GET", "/metrics").body.decode()
        assert 'totem_lookups_total{connector="calidda",outcome="found"} 1' in metrics, metrics[-2000:]


def test_the_upstreams_bad_days():
    with lookup_box() as b:
        b.peers.options("calidda", refuse_login=1)
        equal(ask(b, "08408122")["return_code"], 3)
        equal(ask(b, "08408122")["return_code"], 3)
        equal(b.peers.state("calidda")["logins"], 1, "a refused login is not repeated at once")
    with lookup_box() as b:
        equal(ask(b, "08408122")["return_code"], 0)
        b.peers.behave("calidda", "hang", match="/clientes")
        began = time.monotonic()
        equal(ask(b, "08408122")["return_code"], 4)
        assert time.monotonic() - began < 15, "the time-out ends it"
        b.peers.behave("calidda", "429", match="/clientes", retry_after=1)
        equal(ask(b, "08408122")["return_code"], 5)
        equal(ask(b, "08408122")["return_code"], 0, "and waits for its turn")
        for word, code in (("500", 4), ("close", 4), ("garbage", 4), ("reset", 4)):
            b.peers.behave("calidda", word, match="/clientes")
            equal(ask(b, "08408122")["return_code"], code, word)


def test_a_private_upstream_needs_the_setting():
    with lookup_box({"private_ok": "false"}) as b:
        a = ask(b, "08408122")
        equal(a["return_code"], 4)
        assert "private" in a["error"], a
        equal(b.peers.state("calidda")["requests"], 0)


def test_a_hundred_callers_one_login():
    with lookup_box({"rate_per_second": "1000"}) as b:
        b.peers.options("calidda", login_ms=300)
        codes, threads = [], []
        for i in range(100):
            threads.append(threading.Thread(target=lambda i=i: codes.append(ask(b, f"{10000000 + i}")["return_code"])))
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        equal(codes, [0] * 100)
        state = b.peers.state("calidda")
        equal((state["logins"], state["queries"]), (1, 100))


def test_dni_conversation():
    """The customer writes "Consultar DNI 08408122", n8n extracts it, Totem looks it up, the customer reads the answer."""
    with lookup_box(n8n="/webhook/dni") as b:
        b.peers.say("meta", **{"from": "51900000001", "text": "Consultar DNI 08408122"})
        b.peers.say("meta", **{"from": "51900000002", "text": "hola"})
        b.peers.say("meta", **{"from": "51900000003", "text": "Consultar DNI 99408122"})
        wait_until(lambda: b.peers.state("meta")["accepted"] >= 3, what=lambda: f"three answers: {b.busy()}")
        b.wait_idle()
        got = {m["to"]: m["text"] for m in b.peers.messages("meta")}
        equal(got, {"51900000001": "Juan, su saldo es S/ 5000.00.",
                    "51900000002": "Escriba: Consultar DNI y los 8 números.",
                    "51900000003": "No encontramos el DNI 99408122."})
        equal(b.dead_letters(), [])
