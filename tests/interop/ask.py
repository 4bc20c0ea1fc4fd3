"""Plain requests to the cloud, by Python's own TLS and HTTP, from inside the internet namespace."""
import http.client
import json
import socket
import ssl
import urllib.parse

from lab.cloud import ACCOUNT, HOST
from lab.topology import CLOUD_V4

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def ask(world, method, path, body=None, headers=None, certificate=None, port=443):
    """certificate: (file of the certificate, file of the key). Returns (status, text)."""
    context = ssl.create_default_context(cafile=world.cloud.ca)
    if certificate:
        context.load_cert_chain(*certificate)
    with world.net.inet.entered():
        raw = socket.create_connection((CLOUD_V4, port), 10)
    connection = http.client.HTTPConnection("%s:%d" % (HOST, port))
    connection.sock = context.wrap_socket(raw, server_hostname=HOST)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def form(world, path, **fields):
    status, text = ask(world, "POST", path, urllib.parse.urlencode(fields),
                       {"Content-Type": "application/x-www-form-urlencoded"})
    return status, json.loads(text)


def access_token(world, model="TS-464"):
    """What a box gets once the owner has allowed it."""
    status, codes = form(world, "/device/auth", client_id="qcloud-nas", scope="nas", device_model=model)
    assert status == 200, codes
    world.cloud.operator("POST", "/approve", {"user_code": codes["user_code"], "account": ACCOUNT})
    status, token = form(world, "/token", client_id="qcloud-nas", grant_type=GRANT, device_code=codes["device_code"])
    assert status == 200, token
    return token["access_token"]
