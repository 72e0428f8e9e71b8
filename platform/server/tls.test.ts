import http2 from "node:http2";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { testAuthority, type Credentials } from "../testing/certificates.js";
import type { ConnectionEvent } from "./connection-events.js";
import { defaultLimits } from "./limits.js";
import { listen } from "./listen.js";
import type { TlsOptions } from "./tls.js";

let ca: string;
let server: Credentials;
let known: Credentials;
let stranger: Credentials;

beforeAll(async () => {
  const [ours, theirs] = await Promise.all([testAuthority(), testAuthority()]);
  ca = ours.ca;
  [server, known, stranger] = await Promise.all([
    ours.issue(["IP:127.0.0.1"]),
    ours.issue(["URI:spiffe://test/client"]),
    theirs.issue(["URI:spiffe://test/client"]),
  ]);
});

/** Calls a server once; resolves with the status, or "refused" when there is no connection. */
async function call(options: Partial<TlsOptions>, client: Partial<Credentials>): Promise<number | string> {
  const events: ConnectionEvent[] = [];
  const listener = await listen(
    {
      host: "127.0.0.1",
      port: 0,
      limits: defaultLimits,
      tls: { ...server, ca, ...options },
      onEvent: (event) => events.push(event),
    },
    {
      h1: (_request, response) => response.end(),
      h2: (stream) => stream.respond({ ":status": 200 }, { endStream: true }),
    },
  );
  const session = http2.connect(listener.url, { ca, ...client });
  const answer = await new Promise<number | string>((resolve) => {
    session.on("error", () => resolve("refused"));
    session.on("close", () => resolve("refused"));
    const stream = session.request({ ":path": "/" });
    stream.on("response", (headers) => resolve(headers[":status"] ?? 0));
    stream.on("error", () => resolve("refused"));
  });
  session.destroy();
  await listener.close();
  expect(events.filter(({ kind }) => kind === "opened")).toHaveLength(1);
  expect(events.filter(({ kind }) => kind === "closed")).toHaveLength(1);
  return answer;
}

describe("client certificates", () => {
  test.each([
    ["no", () => ({}), 200],
    ["optional", () => ({}), 200],
    ["optional", () => known, 200],
    ["optional", () => stranger, "refused"],
    ["required", () => ({}), "refused"],
    ["required", () => known, 200],
    ["required", () => stranger, "refused"],
  ] as const)("%s, row %#: %p", async (requestClientCert, client, outcome) => {
    expect(await call({ requestClientCert }, client())).toBe(outcome);
  });
});
