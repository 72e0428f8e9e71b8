// What clients do wrong, on every door: the right code, no 5xx for their fault, and a server that goes on.
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startService, type TestServer } from "../platform/testing/start-service.js";
import { httpRows, starPath } from "./bad-input/http-rows.js";
import { badBinary, badJson, goodMessages, oddJson, prototypeKeys } from "./bad-input/messages.js";
import {
  frame,
  rawDoor,
  rawDoors,
  verdictOf,
  type RawDoor,
  type Target,
  type Verdict,
} from "./bad-input/probe.js";
import { principals, type Caller } from "./doors/zones-world.js";
import { sendBytes, sendHttp1, sendHttp2, type RawAnswer } from "./http.js";
import { lab } from "./lab/service.js";

let server: TestServer<Caller>;
let target: Target;

beforeAll(async () => {
  server = await startService({ services: [lab()], principals });
  target = { ...server, credentials: server.credentials("owner") };
});
afterAll(() => server.close());

/** Fails for an HTTP status that blames the server, but for the two that Connect has for codes of ours (501, 504). */
function expectClientsFault({ status, code }: Verdict): void {
  const bySpecification = code === "unimplemented" || code === "deadline_exceeded";
  expect(status >= 500 && !bySpecification ? `${status} ${code}` : "a client's fault").toBe(
    "a client's fault",
  );
}

async function expectAlive(door: RawDoor = rawDoor("Connect JSON")): Promise<void> {
  const answer = await door.send(target, door.request(goodMessages[door.format]));
  expect(verdictOf(answer)).toEqual({ status: 200, code: "ok" });
}

/** HTTP status of a code where the door has one: gRPC and gRPC-Web always say 200. */
function statusOn(door: RawDoor, connect: number, rest: number = connect): number {
  if (door.grpc) return 200;
  return door.name.startsWith("REST") ? rest : connect;
}

function withDoors<T extends { readonly name: string }>(
  format: RawDoor["format"],
  rows: readonly T[],
): (readonly [string, string, RawDoor, T])[] {
  return rawDoors
    .filter((door) => door.format === format)
    .flatMap((door) => rows.map((row) => [door.name, row.name, door, row] as const));
}

const badMessages = [...withDoors("json", badJson), ...withDoors("binary", badBinary)];

test.each(badMessages)("%s: %s", async (_door, _name, door, { bytes }) => {
  const answer = await door.send(target, door.request(bytes));
  expect(verdictOf(answer)).toEqual({ status: statusOn(door, 400), code: "invalid_argument" });
  await expectAlive(door);
});

test.each(withDoors("json", oddJson))("%s: %s is right", async (_door, _name, door, { bytes, answer }) => {
  const got = await door.send(target, door.request(bytes));
  expect(verdictOf(got)).toEqual({ status: 200, code: "ok" });
  expect(jsonOf(door, got)).toMatchObject(answer);
});

test.each(withDoors("json", [{ name: "keys of prototypes are keys" }]))(
  "%s: %s",
  async (_door, _name, door) => {
    const got = await door.send(target, door.request(prototypeKeys));
    const { labels, st } = jsonOf(door, got) as { labels: object; st: object };
    expect(new Map(Object.entries(labels))).toEqual(
      new Map([
        ["__proto__", "a"],
        ["constructor", "b"],
      ]),
    );
    expect(new Set(Object.keys(st))).toEqual(new Set(["__proto__", "toString"]));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  },
);

function jsonOf(door: RawDoor, { body }: RawAnswer): Record<string, unknown> {
  // The message is the first frame.
  const json = door.grpc ? body.subarray(5, 5 + body.readUInt32BE(1)) : body;
  return JSON.parse(json.toString()) as Record<string, unknown>;
}

const MiB = 1024 * 1024;
const zeros = Buffer.alloc(200 * MiB);
const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const bombs = { gzip: gzipSync(zeros, { level: 9 }), br: brotliCompressSync(zeros, quick) };
const everyDoor = rawDoors.map((door) => [door.name, door] as const);

describe.each(everyDoor)("%s", (_, door) => {
  const good = goodMessages[door.format];

  test.each(["gzip", "br"] as const)("refuses 200 MiB behind a little %s", async (coding) => {
    const headers = { [door.encodingHeader]: coding };
    const answer = await door.send(target, door.request(bombs[coding], { headers, compressed: true }));
    expect(verdictOf(answer)).toEqual({ status: statusOn(door, 429, 413), code: "resource_exhausted" });
    await expectAlive(door);
  });

  test("refuses a message of 17 MiB", async () => {
    const answer = await door.send(target, door.request(Buffer.alloc(17 * MiB, " ")));
    expect(verdictOf(answer)).toEqual({ status: statusOn(door, 429, 413), code: "resource_exhausted" });
    await expectAlive(door);
  });

  test("refuses bytes that are no gzip", async () => {
    const headers = { [door.encodingHeader]: "gzip" };
    const cut = gzipSync(good).subarray(0, -9);
    for (const bytes of [Buffer.from("not gzip"), cut]) {
      const answer = await door.send(target, door.request(bytes, { headers, compressed: true }));
      expect(verdictOf(answer)).toEqual({ status: statusOn(door, 400), code: "invalid_argument" });
    }
    await expectAlive(door);
  });

  test("refuses a compression that it does not know, and says what it knows", async () => {
    const headers = { [door.encodingHeader]: "zstd" };
    const answer = await door.send(target, door.request(good, { headers, compressed: true }));
    expect(verdictOf(answer)).toEqual({
      status: statusOn(door, 501, 415),
      code: door.name.startsWith("REST") ? "invalid_argument" : "unimplemented",
    });
    const accepted = answer.headers[door.grpc ? "grpc-accept-encoding" : "accept-encoding"];
    expect(accepted ?? answer.body.toString("latin1")).toContain("gzip");
    await expectAlive(door);
  });

  test.each(["x", "-1", "1.5", "99999999999", "1 S", ""])("refuses the deadline %j", async (timeout) => {
    const answer = await door.send(
      target,
      door.request(good, { headers: { [door.timeoutHeader]: timeout } }),
    );
    expect(verdictOf(answer)).toEqual({ status: statusOn(door, 400), code: "invalid_argument" });
    await expectAlive(door);
  });

  test("answers a deadline that has passed", async () => {
    const zero = door.timeoutHeader === "grpc-timeout" ? "0n" : "0";
    const answer = await door.send(target, door.request(good, { headers: { [door.timeoutHeader]: zero } }));
    // REST has no use for a deadline of zero: it cannot be read (TRANSCODING 13).
    const expected = door.name.startsWith("REST")
      ? { status: 400, code: "invalid_argument" }
      : { status: statusOn(door, 504), code: "deadline_exceeded" };
    expect(verdictOf(answer)).toEqual(expected);
    await expectAlive(door);
  });

  test("refuses a content type that it does not know", async () => {
    const request = door.request(good, { headers: { "content-type": "text/xml" } });
    const answer = await door.send(target, request);
    expect(answer.status).toBe(415);
    await expectAlive(door);
  });

  test("refuses headers of 70 KB", async () => {
    const headers = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`x-${i}`, "y".repeat(10_000)]));
    const answer = await door.send(target, door.request(good, { headers }));
    expect(answer.status).toBe(431);
    await expectAlive(door);
  });
});

describe("frames", () => {
  const doors = rawDoors
    .filter((door) => door.grpc && door.format === "binary")
    .map((d) => [d.name, d] as const);
  const good = goodMessages.binary;

  test.each(doors)("%s", async (_, door) => {
    const rows: (readonly [string, Buffer, string])[] = [
      ["no message", Buffer.alloc(0), "unimplemented"],
      ["half a prefix", frame(good).subarray(0, 3), "invalid_argument"],
      ["a cut message", frame(good).subarray(0, -1), "invalid_argument"],
      ["a length of 4 GiB", frame(good, 0, 0xffffffff), "resource_exhausted"],
      ["two messages", Buffer.concat([frame(good), frame(good)]), "unimplemented"],
      ["an unknown flag", frame(good, 2), "invalid_argument"],
      ["the flag of trailers", frame(good, 0x80), "invalid_argument"],
      // By gRPC's compression.md.
      ["a compression that was not named", frame(gzipSync(good), 1), "internal"],
    ];
    for (const [name, body, code] of rows) {
      const answer = await door.send(target, { ...door.request(good), body });
      expect({ name, ...verdictOf(answer) }).toEqual({ name, status: 200, code });
      await expectAlive(door);
    }
  });
});

describe.each(["HTTP/1.1", "HTTP/2"] as const)("%s", (version) => {
  const rows = httpRows.filter((row) => version === "HTTP/1.1" || row.expected.status !== 426);

  test.each(rows.map((row) => [row.name, row] as const))("%s", async (_, { on, request, expected }) => {
    const send = version === "HTTP/1.1" ? sendHttp1 : sendHttp2;
    const url = on === "internal" ? server.internalUrl : server.publicUrl;
    const answer = await send(url, { ...request, headers: { ...target.credentials, ...request.headers } });
    const verdict = request.method === "HEAD" ? { status: answer.status, code: "" } : verdictOf(answer);
    expect(verdict).toMatchObject(expected);
    expectClientsFault(verdict);
    await expectAlive();
  });
});

test("int64 beyond 2^53 in a query is exact", async () => {
  const request = { method: "GET", path: "/v1/q?i64=9007199254740993", headers: target.credentials };
  const { body } = await sendHttp1(server.publicUrl, request);
  expect(JSON.parse(body.toString())).toMatchObject({ i64: "9007199254740993" });
});

describe("what no HTTP library sends", () => {
  const type = "Content-Type: application/json\r\n";
  // Without it, the call is refused before its body is read.
  const token = "Authorization: Bearer token-of-owner\r\n";
  const end = `Content-Length: 2\r\n${type}Connection: close\r\n\r\n{}`;
  const line = `POST ${starPath} HTTP/1.1\r\n`;
  test.each([
    ["two Host fields", `${line}Host: a\r\nHost: b\r\n${end}`],
    ["no Host field", `${line}${end}`],
    ["a control character in a header", `${line}Host: a\r\nX-A: \u0001\r\n${end}`],
    ["a control character in the target", `POST /a\u0001b HTTP/1.1\r\nHost: a\r\n${end}`],
    ["a space before the colon", `${line}Host: a\r\nX-A : b\r\n${end}`],
    ["two lengths", `${line}Host: a\r\nContent-Length: 3\r\n${end}`],
    ["a length and chunks", `${line}Host: a\r\nTransfer-Encoding: chunked\r\n${end}`],
    ["a negative length", `${line}Host: a\r\nContent-Length: -1\r\n\r\n{}`],
    ["a chunk without size", `${line}Host: a\r\n${token}${type}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
    ["no HTTP at all", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\r\n\r\n"],
    ["an unknown HTTP version", `POST ${starPath} HTTP/3.7\r\nHost: a\r\n${end}`],
  ])("%s: 400", async (_, bytes) => {
    for (const url of [server.internalUrl, server.publicUrl]) {
      expect((await sendBytes(url, bytes)).split("\r\n")[0]).toBe("HTTP/1.1 400 Bad Request");
    }
    await expectAlive();
  });
});
