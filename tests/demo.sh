#!/bin/bash
# A living system on this machine: the box, doubles of Meta, Chatwoot and n8n, and a trickle of customers.
#   tests/demo.sh BINARY [FOLDER]      FOLDER holds `peers`; without one it is built. Ctrl-C ends what it started, nothing else
# The data folder is build/demo (kept between runs: `rm -r build/demo` begins anew).
set -eu
cd "$(dirname "$0")/.."
binary=$(realpath "${1:-build/totem}")
data=build/demo
mkdir -p "$data"
exec env TOTEM_BINARY="$binary" TOTEM_DEMO="$(realpath "$data")" python3 - "$@" <<'PYTHON'
import os, signal, subprocess, sys, time

sys.path.insert(0, "tests/integration")
import lib

if len(sys.argv) > 2:
    lib.tools(sys.argv[2])

data = os.environ["TOTEM_DEMO"]
customers, every_ms = os.environ.get("CUSTOMERS", "12"), os.environ.get("EVERY_MS", "2500")


class Demo(lib.Box):
    """A box whose folder stays."""

    def __init__(self):
        self.binary, self.dir, self.data, self.log_path = lib.BINARY, data, data + "/data", data + "/log"
        self.main, self.hooks = lib.free_port(), lib.free_port()
        self.process, self.streams, self.sanitized = None, [], False
        self.token = self.new_token("demo", lib.SCOPES)
        self.peers = lib.Peers(self.hooks, self.token, "--customers", customers, "--every-ms", every_ms)
        self.settings = self._settings("/webhook/echo")
        self.settings.update({"channel.main.rate_per_second": None, "channel.main.recipient_every_ms": None,
                              "automatic_per_hour": "1000", "automatic_per_day": "10000",  # few customers who never tire
                              "company_name": "Tienda de la Esquina"})
        for q in lib.QUEUES:
            self.settings[f"queue.{q}.backoff_ms"] = None


def stop(signum, frame):
    raise KeyboardInterrupt


signal.signal(signal.SIGTERM, stop)
demo = Demo()
try:
    demo.start()
    port = demo.peers.port
    print(f"""
  The box     http://127.0.0.1:{demo.main}/#token={demo.token}
  Follow it   {lib.BINARY} tail --data {demo.data}
  Its state   {lib.BINARY} queue list --data {demo.data}
  Its log     {demo.log_path}
  The doubles Meta 127.0.0.1:{port['meta']}   Chatwoot 127.0.0.1:{port['chatwoot']}   n8n 127.0.0.1:{port['n8n']}

  {customers} customers write every {int(every_ms) / 1000:g} s; n8n answers, now and then an agent too. Make trouble:

    curl -d '{{"do":"500","times":5}}' http://127.0.0.1:{port['chatwoot']}/_double/behave
    curl -d '{{"do":"hang","times":-1}}' http://127.0.0.1:{port['meta']}/_double/behave
    curl -d '{{}}' http://127.0.0.1:{port['meta']}/_double/reset

  Ctrl-C ends it.
""", flush=True)
    while demo.process.poll() is None and demo.peers.process.poll() is None:
        time.sleep(0.5)
    print("the box or the doubles ended; see the log", file=sys.stderr)
except KeyboardInterrupt:
    print("\nstopping", flush=True)
finally:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    lib.end_process(demo.process)
    demo.peers.stop()
PYTHON
