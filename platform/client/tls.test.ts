import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createSecureServer, type Http2SecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:tls";
import { Code, createClient } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { ConformanceService } from "../../gen/ts/connectrpc/conformance/v1/service_pb.js";
import { testAuthority, type Credentials, type TestAuthority } from "../testing/certificates.js";
import type { ClientTls } from "./connection.js";
import { createHttpTransport } from "./http2-transport.js";
import { rejection } from "./test-server.js";

let authority: TestAuthority;
let stranger: TestAuthority;
let identity: Credentials;
let server: Http2SecureServer;
let withoutHttp2: Server;

beforeAll(async () => {
  [authority, stranger] = await Promise.all([testAuthority(), testAuthority()]);
  identity = await authority.issue(["URI:spiffe://test/client"]);
  const own = await authority.issue(["DNS:localhost", "DNS:zones.internal"]);
  server = createSecureServer(
    { ...own, ca: authority.ca, requestCert: true, rejectUnauthorized: true },
    connectNodeAdapter({ routes: (router) => router.service(ConformanceService, { unary: () => ({}) }) }),
  );
  withoutHttp2 = createServer({ ...own });
  for (const one of [server, withoutHttp2]) {
    one.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => one.listen(0, "localhost", resolve));
  }
});

afterAll(() => {
  server.close();
  withoutHttp2.close();
});

function call(to: Server | Http2SecureServer, tls: ClientTls): Promise<unknown> {
  // A server that listens on a port has an address of this kind.
  const { port } = to.address() as AddressInfo;
  const transport = createHttpTransport({ baseUrl: `https://localhost:${port}`, tls });
  return createClient(ConformanceService, transport)
    .unary({}, { timeoutMs: 10_000 })
    .finally(() => transport.destroy());
}

test("both sides show a certificate", async () => {
  await expect(call(server, { ca: authority.ca, ...identity })).resolves.toBeDefined();
});

test("the server's certificate may be for another name that is asked for", async () => {
  await expect(
    call(server, { ca: authority.ca, ...identity, serverName: "zones.internal" }),
  ).resolves.toBeDefined();
});

test.each<[string, () => Promise<unknown>]>([
  ["an authority that is not trusted", () => call(server, { ca: stranger.ca, ...identity })],
  ["no authority of ours", () => call(server, identity)],
  [
    "a certificate for another name",
    () => call(server, { ca: authority.ca, ...identity, serverName: "dns.internal" }),
  ],
  ["no client certificate", () => call(server, { ca: authority.ca })],
  ["a server without HTTP/2", () => call(withoutHttp2, { ca: authority.ca })],
])("%s: UNAVAILABLE", async (_what, attempt) => {
  expect(await rejection(attempt())).toMatchObject({ code: Code.Unavailable });
});
