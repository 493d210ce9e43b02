import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { test as testOnce } from "node:test";
import type { RequestContext } from "../../src/http/caller.ts";
import { serve } from "../../src/http/server.ts";
import { isFromThisMachine } from "../../src/http/this-machine.ts";
import { test } from "../support/engines.ts";
import { formatRequest, openRawConnection } from "../support/raw-connection.ts";
import { bob, register } from "../support/steps.ts";
import { closeAfterTest } from "../support/test-server.ts";
import { createWorld } from "../support/world.ts";

const body = `email=${bob.email}`;
const urlencoded = { "Content-Type": "application/x-www-form-urlencoded" };

/** The addresses of this machine except loopback; link-local ones also with their interface. */
const own = Object.entries(networkInterfaces()).flatMap(([device, all = []]) =>
  all
    .filter(({ internal }) => !internal)
    .map(({ address }) => ({ address, at: address.startsWith("fe80:") ? `${address}%${device}` : address })),
);
const none = own.length === 0 && "this machine has no address but loopback";

/** Returns the spellings of an address in a Host header. */
function spellHost(address: string): string[] {
  const written = address.includes(":")
    ? [`[${address}]`, `[${address.toUpperCase()}]`, `[${address.replace("::", ":0::")}]`]
    : [address, `[::ffff:${address}]`];
  return written.flatMap((each) => [each, `${each}:5000`, `${each}:80`]);
}

for (const listening of ["0.0.0.0", "::"]) {
  test(`a program on this machine can use any address of the machine, if the service listens on ${listening}`, {
    skip: none,
  }, async () => {
    await using world = await createWorld();
    await register(world);
    const { log } = world.auth;
    await using server = closeAfterTest(await serve({ fetch: world.app.fetch, host: listening, port: 0, log }));
    for (const { address, at } of own.filter((each) => listening === "::" || !each.address.includes(":"))) {
      using connection = await openRawConnection(server.port, at);
      const requestReset = async (headers: Record<string, string>) => {
        connection.send(formatRequest("POST /reset_password", { ...urlencoded, ...headers }, body));
        return connection.readResponse();
      };
      for (const Host of spellHost(address)) {
        const response = await requestReset({ Host });
        assert.equal(response.status, 200, `${Host}: ${response.body}`);
        assert.match(response.body, /"reset_token":"[\w-]{36}"/);
        connection.send(formatRequest("GET /metrics", { Host }));
        assert.equal((await connection.readResponse()).status, 200, Host);
      }
      for (const Host of [
        "localhost",
        "127.0.0.1",
        "0.0.0.0",
        "[::1]",
        "attacker.example",
        `${address}.example`,
        "198.51.100.7",
      ]) {
        const response = await requestReset({ Host });
        assert.equal(response.status, address.includes(":") && Host.endsWith(`${address}.example`) ? 400 : 403, Host);
        if (response.status === 400) break;
        assert.match(response.body, /localhost or an address of that machine/);
      }
    }
  });
}

test("over loopback, Host can be a name of this machine or the address of the connection", async () => {
  await using world = await createWorld();
  await register(world);
  const { log } = world.auth;
  await using server = closeAfterTest(await serve({ fetch: world.app.fetch, host: "127.0.0.2", port: 0, log }));
  using connection = await openRawConnection(server.port, "127.0.0.2");
  for (const [Host, status] of [
    ["127.0.0.2", 200],
    ["127.0.0.2:5000", 200],
    ["localhost", 200],
    ["127.0.0.3", 403],
    ["192.0.2.1", 403],
  ] as const) {
    connection.send(formatRequest("POST /reset_password", { ...urlencoded, Host }, body));
    assert.equal((await connection.readResponse()).status, status, Host);
  }
});

/** Creates a request with the addresses of its connection and headers. */
function createRequest(
  remoteAddress: string | undefined,
  localAddress: string | undefined,
  headers: Record<string, string>,
): RequestContext {
  const raw = new Request("http://localhost/", { headers });
  return {
    env: { incoming: { headers: {}, socket: { remoteAddress, localAddress } } },
    req: { raw, header: (name: string) => raw.headers.get(name) ?? undefined },
  } as unknown as RequestContext;
}

testOnce("the addresses of a connection are compared in all their spellings", () => {
  for (const [peer, local, Host, expected] of [
    ["192.0.2.7", "192.0.2.7", "192.0.2.7", true],
    ["::ffff:192.0.2.7", "::ffff:192.0.2.7", "192.0.2.7:5000", true],
    ["::ffff:192.0.2.7", "::ffff:192.0.2.7", "[::ffff:c000:207]", true],
    ["192.0.2.7", "::ffff:192.0.2.7", "192.0.2.7", true],
    ["2001:db8::7", "2001:db8::7", "[2001:DB8:0:0::7]:5000", true],
    ["fe80::7%eth0", "fe80::7%eth0", "[fe80::7]", true],
    ["::1", "::1", "[0:0:0:0:0:0:0:1]", true],
    ["::1", "::1", "[::]:5000", true],
    ["127.0.0.1", "127.0.0.1", "[::ffff:127.0.0.1]", true],
    ["192.0.2.7", "192.0.2.8", "192.0.2.7", false],
    ["192.0.2.7", "192.0.2.8", "192.0.2.8", false],
    ["192.0.2.7", "192.0.2.7", "192.0.2.8", false],
    ["192.0.2.7", "192.0.2.7", "", false],
    ["192.0.2.7", "192.0.2.7", "192.0.2.7,192.0.2.7", false],
    ["192.0.2.7", "192.0.2.7", "192.0.2.7.", false],
    ["192.0.2.7", "192.0.2.7", "192.0.2.07", false],
    ["192.0.2.7", "192.0.2.7", "3221225991", false],
    ["2001:db8::7", "2001:db8::7", "2001:db8::7", false],
    ["2001:db8::7", "2001:db8::7", "[2001:db8::7", false],
    ["64:ff9b::c000:207", "192.0.2.7", "192.0.2.7", false],
    ["192.0.2.7", undefined, "192.0.2.7", false],
    [undefined, undefined, "localhost", false],
    ["", "", "", false],
  ] as const)
    assert.equal(
      isFromThisMachine(createRequest(peer, local, Host === "" ? {} : { Host })),
      expected,
      `${peer} ${local} ${Host}`,
    );
});

testOnce("a request with a header of a proxy is not from this machine, whatever its address", () => {
  const names = [
    ...["Forwarded", "Forwarded-For", "Via", "CDN-Loop", "X-Forwarded", "X-Forward-For", "X_Forwarded_For"],
    ...[
      "For",
      "Host",
      "Proto",
      "Port",
      "Server",
      "Prefix",
      "Ssl",
      "Scheme",
      "By",
      "Uri",
      "Client-Cert",
      "User",
      "Method",
    ].map((what) => `X-Forwarded-${what}`),
    ...["X-Original-For", "X-Original-Host", "X-Original-URL", "X-Original-Forwarded-For", "X-Original-Remote-Addr"],
    ...[
      "X-Real-IP",
      "X-Client-IP",
      "X-Cluster-Client-IP",
      "X-Remote-IP",
      "X-Remote-Addr",
      "Client-IP",
      "True-Client-IP",
    ],
    ...[
      "CF-Connecting-IP",
      "CF-Connecting-IPv6",
      "CF-Ray",
      "CF-Visitor",
      "CF-IPCountry",
      "CF-Pseudo-IPv4",
      "CF-Worker",
    ],
    ...[
      "Fly-Client-IP",
      "Fly-Forwarded-Proto",
      "Fastly-Client-IP",
      "Fastly-FF",
      "X-Azure-ClientIP",
      "X-Azure-SocketIP",
    ],
    ...[
      "X-Azure-FDID",
      "X-Envoy-External-Address",
      "X-ARR-SSL",
      "X-Amz-Cf-Id",
      "X-AppEngine-User-IP",
      "X-NF-Client-Connection-IP",
    ],
    ...[
      "X-Vercel-Forwarded-For",
      "Proxy-Client-IP",
      "WL-Proxy-Client-IP",
      "X-ProxyUser-Ip",
      "X-Scheme",
      "Front-End-Https",
    ],
  ];
  for (const name of names) {
    for (const value of ["127.0.0.1", ""]) {
      for (const [peer, Host] of [
        ["127.0.0.1", "localhost"],
        ["192.0.2.7", "192.0.2.7"],
      ] as const) {
        assert.equal(isFromThisMachine(createRequest(peer, peer, { Host })), true);
        assert.equal(isFromThisMachine(createRequest(peer, peer, { Host, [name]: value })), false, name);
      }
    }
  }
  for (const name of [
    "X-Request-Id",
    "traceparent",
    "Accept",
    "User-Agent",
    "Origin",
    "X-Viewport",
    "Viaduct",
    "X-Clientele",
  ]) {
    assert.equal(
      isFromThisMachine(createRequest("127.0.0.1", "127.0.0.1", { Host: "localhost", [name]: "x" })),
      true,
      name,
    );
  }
});
