"""n8n and the box: answers at once and later, actions, people who take over, filters, proofs of who we are, our workflows."""
import time
from lib import *

DOUBLES = ("--meta", "0", "--chatwoot", "0", "--n8n", "0", "--calidda", "0")


def reply(b, token, **body):
    return http_call(b.hooks, "POST", "/api/v1/orchestrator/replies", body, headers={"Authorization": f"Bearer {token}"})


def asked(b, n=1):
    wait_until(lambda: len(b.peers.messages("n8n")) >= n, what="n8n is asked")
    return b.peers.messages("n8n")[n - 1]["body"]


def sends(b):
    return [m["text"] for m in b.peers.messages("meta")]


def state(b, conversation):
    return b.get(f"/api/v1/conversations/{conversation}/state")


def test_r18_later_answers_come_once():
    with Box(n8n="/webhook/silent", settings={"n8n.main.history": "5"}, start=False) as b:
        b.settings["n8n.main.reply_url"] = f"http://127.0.0.1:{b.hooks}"
        b.start()
        b.peers.say("meta", **{"from": "51900000001", "text": "uno"})
        first = asked(b)
        b.peers.say("meta", **{"from": "51900000001", "text": "dos"})
        m = asked(b, 2)
        equal([h["text"] for h in m["history"]], ["uno"], "history")
        equal(m["reply_url"], f"http://127.0.0.1:{b.hooks}/api/v1/orchestrator/replies")
        token, key, conversation = m["reply_token"], m["idempotency_key"], m["conversation"]
        assert token not in b.log(), "no token in the log"
        equal(reply(b, "tr1.0-0-0-0-9.00", idempotency_key=key, reply="x").status, 401)
        equal(reply(b, token[:-1] + ("0" if token[-1] != "0" else "1"), idempotency_key=key, reply="x").status, 401)
        equal(reply(b, token, reply="x").status, 422, "without a key")
        equal(reply(b, token, idempotency_key=key, conversation_id="nobody", reply="x").status, 422)
        a = reply(b, token, idempotency_key=key, reply=["A", "B"], hop=m["hop"])
        equal((a.status, a.json["sent"], a.json["duplicate"]), (202, 2, False), a)
        a = reply(b, token, idempotency_key=key, reply=["A", "B"], hop=m["hop"])
        equal((a.status, a.json["sent"], a.json["duplicate"]), (202, 0, True), a)
        equal(reply(b, token, idempotency_key=key, reply="other").status, 409)
        equal(reply(b, token, idempotency_key=key + ":2", reply="C").json["sent"], 1)
        wait_until(lambda: sends(b) == ["A", "B", "C"], what=lambda: f"three sends: {sends(b)}")
        # An API token needs the scope and names the conversation.
        api = b.new_token("assistant", "orchestrator")
        equal(reply(b, api, idempotency_key="k1", reply="D").status, 422)
        equal(reply(b, api, idempotency_key="k1", conversation_id=conversation, reply="D").status, 202)
        equal(reply(b, b.new_token("other", "lookups"), idempotency_key="k2", conversation_id=conversation, reply="E").status, 403)
        # The hop goes on: what went round too often is refused.
        equal(reply(b, api, idempotency_key="k3", conversation_id=conversation, reply="F", hop=5).status, 409)
        b.wait_idle()
        equal(sends(b), ["A", "B", "C", "D"])


def test_actions_of_an_answer():
    with Box(n8n="/webhook/silent", start=False) as b:
        b.settings["n8n.main.reply_url"] = f"http://127.0.0.1:{b.hooks}"
        b.start()
        b.peers.say("meta", **{"from": "51900000001", "text": "hola"})
        m = asked(b)
        b.wait_idle()
        too_long = [{"type": "text", "text": "x" * 41000}]  # more than ten messages
        bad = too_long, [{"type": "dance"}], [{"type": "image", "image": {}}], [{"type": "status", "status": "gone"}], "x"
        for i, actions in enumerate(bad):
            equal(reply(b, m["reply_token"], idempotency_key=f"bad{i}", actions=actions).status, 422, str(actions)[:200])
        a = reply(b, m["reply_token"], idempotency_key="k", actions=[
            {"type": "text", "text": "uno"},
            {"type": "buttons", "text": "¿Sigue?", "buttons": ["Sí", {"id": "no", "title": "No"}]},
            {"type": "template", "template": {"name": "hola", "language": {"code": "es"}}},
            {"type": "location", "location": {"latitude": -12.1, "longitude": -77.0}},
            {"type": "label", "add": ["vip", "dni"]}, {"type": "attribute", "name": "dni", "value": "08408122"},
            {"type": "assign", "assignee": "7"}, {"type": "close"}])
        equal((a.status, a.json and a.json["sent"]), (202, 4), a)
        s = state(b, m["conversation"])
        equal((s["labels"], s["attributes"], s["assignee"], s["status"]), (["dni", "vip"], {"dni": "08408122"}, "7", "resolved"))
        wait_until(lambda: b.peers.state("meta")["accepted"] == 4, what="four sends")
        equal([x["type"] for x in b.messages(direction="outbound")][::-1], ["text", "interactive", "template", "location"])
        b.wait_idle()
        equal(b.dead_letters(), [])


def test_handover_and_takeover():
    with Box(peers=DOUBLES, n8n="/webhook/dni") as b:
        b.peers.say("meta", **{"from": "51900000001", "text": "quiero un asesor"})
        wait_until(lambda: sends(b) == ["Le comunico con un asesor."], what="the last word of the machine")
        c = b.get("/api/v1/conversations")["data"][0]["id"]
        wait_until(lambda: state(b, c)["automation_off_why"] == "handover", what="silent")
        equal(state(b, c)["status"], "open")
        b.peers.say("meta", **{"from": "51900000001", "text": "hola?"})
        wait_until(lambda: len(b.messages(direction="inbound")) == 2, what="the second message")
        b.wait_idle()
        equal(sends(b), ["Le comunico con un asesor."], "the machine is silent")
        equal(b.api("POST", f"/api/v1/conversations/{c}/status", {"status": "resolved"}).status, 200)
        equal(state(b, c)["automation_off_until"], None)
        b.peers.say("meta", **{"from": "51900000001", "text": "otra cosa"})
        wait_until(lambda: len(sends(b)) == 2, what="the machine is back")
        # An agent answers in Chatwoot: silence for takeover_minutes.
        there = b.get(f"/api/v1/conversations/{c}")["chatwoot_conversation_id"]
        b.peers.say("chatwoot", conversation=there, content="soy Ana")
        wait_until(lambda: sends(b)[-1] == "soy Ana", what="the agent's word")
        equal(state(b, c)["automation_off_why"], "human")
        b.peers.say("meta", **{"from": "51900000001", "text": "gracias Ana"})
        wait_until(lambda: len(b.messages(direction="inbound")) == 4, what="the customer's thanks")
        b.wait_idle()
        equal(len(sends(b)), 3, "nothing of the machine")
        equal(b.dead_letters(), [])
        # By the API, with a time.
        a = b.api("POST", f"/api/v1/conversations/{c}/handover", {"reason": "pide", "minutes": 5, "team": "ventas"})
        equal((a.status, a.json["team"]), (200, "ventas"), a)


def test_attributes_by_the_api():
    with Box(n8n=None) as b:
        b.peers.say("meta", **{"from": "51900000001", "text": "hola"})
        wait_until(lambda: b.get("/api/v1/conversations")["data"], what="a conversation")
        path = "/api/v1/conversations/" + b.get("/api/v1/conversations")["data"][0]["id"]
        equal(b.api("PATCH", path + "/attributes", {"dni": "1", "x": "2"}).json["attributes"], {"dni": "1", "x": "2"})
        equal(b.api("PATCH", path + "/attributes", {"dni": None}).json["attributes"], {"x": "2"})
        equal(b.api("PATCH", path + "/attributes", {"n": 5}).status, 422)
        equal(b.api("POST", path + "/handover", {"minutes": -1}).status, 422)
        equal(b.api("POST", path + "/labels", {"labels": ["c"]}).status, 200)
        equal(b.get(path + "/state")["labels"], ["c"])


def test_two_targets_and_their_filters():
    with Box(n8n="/webhook/silent", start=False) as b:
        port = b.peers.port["n8n"]
        b.settings.update({"n8n.ventas.url": f"http://127.0.0.1:{port}/webhook/echo", "n8n.ventas.words": "precio comprar",
                           "n8n.main.types": "text", "n8n.ventas.payload": "chat"})
        b.start()
        b.peers.say("meta", **{"from": "51900000001", "text": "hola"})
        b.peers.say("meta", **{"from": "51900000001", "text": "¿qué PRECIO tiene?"})
        wait_until(lambda: b.peers.state("n8n")["accepted"] == 3, what="one asks both")
        b.wait_idle()
        paths = sorted(m["path"] for m in b.peers.messages("n8n"))
        equal(paths, ["/webhook/echo", "/webhook/silent", "/webhook/silent"])
        chat = [m["body"] for m in b.peers.messages("n8n") if m["path"] == "/webhook/echo"][0]
        equal((chat["action"], chat["chatInput"], chat["sessionId"]), ("sendMessage", "¿qué PRECIO tiene?", chat["conversation"]))
        equal(sends(b), ["eco: ¿qué PRECIO tiene?"])
        # One that is down holds up only itself.
        b.peers.behave("n8n", "503", match="/webhook/echo", times=-1)
        for i in range(12):
            b.peers.say("meta", **{"from": f"5190000001{i:02}", "text": f"comprar {i}"})
        wait_until(lambda: sum(m["path"] == "/webhook/silent" for m in b.peers.messages("n8n")) == 14, 30, what="the other one goes on")
        b.peers.call("n8n", "reset")
        wait_until(lambda: len(sends(b)) == 13, 60, what="and it catches up")


def test_our_workflows_are_imported():
    with Box(peers=DOUBLES, n8n=None, start=False) as b:
        calidda = b.peers.port["calidda"]
        b.settings.update({
            "lookup.calidda.url": f"http://127.0.0.1:{calidda}/clientes?dni={{{{dni}}}}", "lookup.calidda.private_ok": "true",
            "lookup.calidda.headers": '{"Cookie":"{{token}}"}', "lookup.calidda.token_from": "cookie:*",
            "lookup.calidda.login_url": f"http://127.0.0.1:{calidda}/login", "lookup.calidda.username": "totem",
            "lookup.calidda.password": "double-password", "lookup.calidda.output_path": "cliente",
            "n8n.main.api_url": f"http://127.0.0.1:{b.peers.port['n8n']}", "n8n.main.api_key": "wrong",
            "n8n.main.reply_url": f"http://127.0.0.1:{b.hooks}"})
        b.start()
        path = "/api/v1/n8n/main/workflows"
        equal(b.api("POST", path, {"workflow": "none"}, port=b.main).status, 422)
        equal(b.api("POST", "/api/v1/n8n/other/workflows", {"workflow": "dni"}, port=b.main).status, 404)

        def imported(workflow, wanted):
            equal(b.api("POST", path, {"workflow": workflow, "use": True}, port=b.main).status, 202)
            wait_until(lambda: [x for x in b.api("GET", path, port=b.main).json["data"]
                                if x["workflow"] == workflow and x["state"] == wanted],
                       what=lambda: f"{workflow} {wanted}: {b.api('GET', path, port=b.main).json}")
            return [x for x in b.api("GET", path, port=b.main).json["data"] if x["workflow"] == workflow][0]

        assert "API key" in imported("echo", "failed")["detail"]
        b.stop()
        b.settings["n8n.main.api_key"] = "double-n8n-key"
        b.start()
        assert imported("echo", "done")["webhook_url"].endswith("/webhook/totem-echo")
        equal(b.peers.state("n8n")["active"], 1)
        b.peers.say("meta", **{"from": "51900000001", "text": "hola"})
        wait_until(lambda: sends(b) == ["eco: hola"], what=lambda: f"the echo: {sends(b)} {b.busy()}")
        imported("dni", "done")
        first = b.peers.state("n8n")
        imported("dni", "done")
        again = b.peers.state("n8n")
        equal((again["workflows"], again["active"], again["credentials"]), (2, 2, first["credentials"]), "brought up to date, not doubled")
        live = [t for t in b.api("GET", "/api/v1/tokens", port=b.main).json["data"] if t["name"] == "n8n main: dni" and not t["revoked_at"]]
        equal(len(live), 1, "one token lives")
        b.peers.say("meta", **{"from": "51900000001", "text": "Consultar DNI 08408122"})
        wait_until(lambda: sends(b)[-1] == "Juan, su saldo es S/ 5000.00.", what=lambda: f"the balance: {sends(b)} {b.busy()}")
        assert "double-n8n-key" not in b.log(), "no key in the log"


def test_basic_and_jwt():
    for settings in ({"n8n.main.auth": "basic", "n8n.main.username": "u", "n8n.main.password": "p"},
                     {"n8n.main.auth": "jwt", "n8n.main.jwt_secret": "s"}):
        with Box(n8n="/webhook/echo", settings=settings) as b:
            b.peers.say("meta", **{"from": "51900000001", "text": "hola"})
            wait_until(lambda: sends(b) == ["eco: hola"], what="an answer")


def test_a_slow_target_delays_no_other():
    """One n8n takes 20 s for each run; the other one's answers do not wait for it, however many messages the slow one has."""
    with Box(n8n=None, settings={"automatic_per_minute": "1000"}, start=False) as b:
        at = f"http://127.0.0.1:{b.peers.port['n8n']}"
        b.settings.update({"n8n.quick.url": at + "/webhook/echo", "n8n.slow.url": at + "/webhook/slow", "n8n.slow.timeout_ms": "60000"})
        b.peers.options("n8n", slow_ms=20000)
        b.start()
        for i in range(12):
            b.peers.say("meta", **{"from": f"346000000{i:02}", "text": f"n{i}"})
        wait_until(lambda: b.peers.state("meta")["accepted"] >= 12, 18, what=lambda: f"the quick one's answers: {b.peers.state('meta')}")
        assert b.get("/api/v1/queues/orchestrator-inbound")["active"] > 0, "the slow one is still at it"
        b.kill()
