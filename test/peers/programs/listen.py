# certstream-python as its README has it: each message on a line, until it is ended. `listen.py URL`
import json
import sys

import certstream


def opened():
    print("opened", flush=True)


def received(message, context):
    print(json.dumps(message), flush=True)


certstream.listen_for_events(received, url=sys.argv[1], on_open=opened)
