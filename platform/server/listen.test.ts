import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import tls from "node:tls";
import { afterEach, describe, expect, test } from "@jest/globals";
import { testAuthority } from "../testing/certificates.js";
import {
  flag,
  frameReader,
  frameType,
  headerBlock,
  headers,
  preface,
  requestFields,
  settings,
} from "../testing/http2-frames.js";
import { readBody } from "./body.js";
import type { ConnectionEvent } from "./connection-events.js";
import { defaultLimits, type Limits } from "./limits.js";
import { listen, type Listener, type ListenHandler, type ListenOptions } from "./listen.js";

const opened: Listener[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((listener) => listener.close()));
});

/** Answers every request with its protocol, its path and its body; "/hold" only when the returned function is called. */
function echo(): { handler: ListenHandler; release: () => void; started: number } {
  const held: (() => void)[] = [];
  const state = {
    started: 0,
    release: () => held.splice(0).forEach((answer) => answer()),
    handler: {
      h1(request, response) {
        state.started++;
        const answer = (): void => {
          readBody(request, { bytesMax: 1 << 20, contentLength: undefined }, (failure, body) => {
            response.writeHead(failure === undefined ? 200 : 413, { "content-type": "text/plain" });
            response.end(`h1 ${request.url} ${failure ?? body.toString()}`);
          });
        };
        if (request.url === "/hold") held.push(answer);
        else answer();
      },
      h2(stream, headers) {
        state.started++;
        const answer = (): void => {
          readBody(stream, { bytesMax: 1 << 20, contentLength: undefined }, (failure, body) => {
            if (stream.destroyed) return;
            stream.respond({ ":status": failure === undefined ? 200 : 413 });
            stream.end(`h2 ${headers[":path"]} ${failure ?? body.toString()}`);
          });
        };
        if (headers[":path"] === "/hold") held.push(answer);
        else answer();
      },
    } satisfies ListenHandler,
  };
  return state;
}

async function start(
  limits: Partial<Limits> = {},
  more: Partial<ListenOptions> = {},
  handler: ListenHandler = echo().handler,
): Promise<Listener & { events: ConnectionEvent[] }> {
  const events: ConnectionEvent[] = [];
  const listener = await listen(
    {
      host: "127.0.0.1",
      port: 0,
      limits: { ...defaultLimits, ...limits },
      onEvent: (event) => events.push(event),
      ...more,
    },
    handler,
  );
  opened.push(listener);
  return Object.assign(listener, { events });
}

/** Writes bytes and resolves with all that comes back until the other side closes. */
function raw(port: number, ...writes: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" ? resolve(text) : reject(error),
    );
    socket.on("close", () => resolve(text));
    for (const bytes of writes) socket.write(bytes);
  });
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

interface Answer {
  readonly status: number;
  readonly body: string;
}

function h1Request(url: string, options: http.RequestOptions, body = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, options, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

function h2Request(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body = "",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":method": "POST", ...headers });
    let status = 0;
    let text = "";
    stream.on("response", (head) => (status = head[":status"] ?? 0));
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    stream.on("close", () => {
      if (status === 0) reject(new Error("closed without an answer"));
      else resolve({ status, body: text });
    });
    stream.on("error", reject);
    stream.end(body);
  });
}

function connect(url: string, options?: http2.SecureClientSessionOptions): http2.ClientHttp2Session {
  const session = http2.connect(url, options);
  session.on("error", () => {});
  return session;
}

describe("one port", () => {
  test("answers HTTP/1.1 and HTTP/2 with prior knowledge", async () => {
    const { url } = await start();
    expect(await h1Request(`${url}/a`, { method: "POST" }, "one")).toEqual({
      status: 200,
      body: "h1 /a one",
    });
    const session = connect(url);
    expect(await h2Request(session, { ":path": "/b" }, "two")).toEqual({ status: 200, body: "h2 /b two" });
    session.close();
  });

  test("waits for the whole preface before it decides", async () => {
    const { port } = await start();
    const socket = net.connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    const preface = Buffer.concat([
      Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
      Buffer.from("000000040000000000", "hex"),
    ]);
    for (const byte of preface) {
      socket.write(Buffer.of(byte));
      await pause();
    }
    const [first] = await new Promise<Buffer>((resolve) => socket.once("data", resolve)).then((data) => [
      data,
    ]);
    // The server's SETTINGS frame.
    expect(first?.[3]).toBe(4);
    socket.destroy();
  });

  test("takes a request that begins like the preface for HTTP/1.1", async () => {
    const { port } = await start();
    expect(await raw(port, "PRI ", "/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")).toMatch(
      /^HTTP\/1.1 400 /,
    );
    expect(
      await raw(port, "P", "OST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
    ).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe("one port with TLS", () => {
  test("chooses the protocol by ALPN, HTTP/1.1 without", async () => {
    const authority = await testAuthority();
    const server = await authority.issue(["IP:127.0.0.1"]);
    const { url, port } = await start({}, { tls: server });
    expect(url).toMatch(/^https:/);
    const session = connect(url, { ca: authority.ca });
    expect(await h2Request(session, { ":path": "/b" }, "two")).toEqual({ status: 200, body: "h2 /b two" });
    session.close();
    for (const ALPNProtocols of [["http/1.1"], []]) {
      const socket = tls.connect({ port, host: "127.0.0.1", ca: authority.ca, ALPNProtocols });
      socket.write("GET /a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
      let text = "";
      for await (const chunk of socket) text += String(chunk);
      expect(text).toMatch(/^HTTP\/1.1 200 [^]*h1 \/a/);
    }
  });
});

describe("heads that are refused", () => {
  const get = (target: string, fields: string): string => `GET ${target} HTTP/1.1\r\n${fields}\r\n`;
  const many = Array.from({ length: 3000 }, () => "a:b\r\n").join("");
  test.each([
    ["two Host fields", get("/", "host: a\r\nhost: b\r\n"), 400],
    ["two equal Host fields", get("/", "Host: a\r\nHOST: a\r\n"), 400],
    ["no Host field", get("/", "accept: */*\r\n"), 400],
    ["no HTTP at all", "hello\r\n\r\n", 400],
    [
      "both content-length and transfer-encoding",
      get("/", "host: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n"),
      400,
    ],
    ["a target of more than 8 KiB", get(`/${"x".repeat(8192)}`, "host: a\r\n"), 414],
    ["a header field of more than 16 KiB", get("/", `host: a\r\nx: ${"y".repeat(16384)}\r\n`), 431],
    ["many small header fields", get("/", `host: a\r\n${many}${many}`), 431],
  ])("HTTP/1.1 with %s", async (_name, request, status) => {
    const server = echo();
    const { port } = await start({}, {}, server.handler);
    const answer = await raw(port, request);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*\r\nconnection: close\r\n`, "i"));
    expect(server.started).toBe(0);
  });

  test("every field below 16 KiB reaches the handler, also past Node's default of 2000", async () => {
    let fields = 0;
    const { port } = await start(
      {},
      {},
      {
        ...echo().handler,
        h1(request, response) {
          fields = request.rawHeaders.length / 2;
          response.end();
        },
      },
    );
    await raw(port, `GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${many.slice(0, 2500 * 5)}\r\n`);
    expect(fields).toBe(2502);
  });

  test.each([
    ["more than 16 KiB of fields", { ":path": "/", a: "x".repeat(9000), b: "y".repeat(9000) }, 431],
    [
      "many small fields",
      {
        ":path": "/",
        ...Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`a${i}`, "x".repeat(150)])),
      },
      431,
    ],
    ["a target of more than 8 KiB", { ":path": `/${"x".repeat(8192)}` }, 414],
    ["a Host that differs from the authority", { ":path": "/", ":authority": "a", host: "b" }, 400],
  ])("HTTP/2 with %s", async (_name, headers, status) => {
    const server = echo();
    const { url, events } = await start({}, {}, server.handler);
    const session = connect(url);
    expect((await h2Request(session, headers)).status).toBe(status);
    expect(events).toContainEqual({ kind: "rejected", status });
    expect(server.started).toBe(0);
    expect(await h2Request(session, { ":path": "/next" })).toEqual({ status: 200, body: "h2 /next " });
    session.close();
  });

  test("a client that keeps sending too many fields over HTTP/2 is cut off", async () => {
    const { url, events } = await start();
    const session = connect(url);
    const closed = new Promise((resolve) => session.on("close", resolve));
    const answers = Array.from({ length: 30 }, () =>
      h2Request(session, { ":path": "/", a: "x".repeat(17_000) }),
    );
    await Promise.allSettled(answers);
    await closed;
    expect(events).toContainEqual({ kind: "ended", reason: "protocol-errors" });
  });

  test("the application chooses the body of a refusal", async () => {
    const onClientError = (status: number): { contentType: string; body: string } => ({
      contentType: "application/json",
      body: `{"status":${status}}`,
    });
    const { url, port } = await start({}, { onClientError });
    expect(await raw(port, "hello\r\n\r\n")).toMatch(
      /content-type: application\/json\r\n[^]*\{"status":400\}$/,
    );
    expect(await raw(port, "GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n")).toMatch(/\{"status":400\}$/);
    const session = connect(url);
    expect((await h2Request(session, { ":path": `/${"x".repeat(8192)}` })).body).toBe('{"status":414}');
    session.close();
  });
});

describe("clients that take too long", () => {
  // Node looks for late requests once a second, or as often as the limit is short.
  const short = { headersTimeoutMs: 200, requestTimeoutMs: 400 };

  test("an unfinished header section is answered 408", async () => {
    const { port } = await start(short);
    expect(await raw(port, "GET / HTTP/1.1\r\nhost: a\r\n")).toMatch(/^HTTP\/1.1 408 /);
  });

  test("an unfinished body is answered 408", async () => {
    const { port } = await start(short);
    expect(await raw(port, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc")).toMatch(
      /^HTTP\/1.1 408 /,
    );
  });

  test.each([
    ["says nothing", ""],
    ["sends half of the HTTP/2 preface", "PRI * HT"],
  ])("a client that %s is cut off", async (_name, bytes) => {
    const { port, events } = await start(short);
    expect(await raw(port, bytes)).toBe("");
    expect(events).toContainEqual({ kind: "ended", reason: "headers-timeout" });
  });

  test("an idle HTTP/2 connection gets GOAWAY and is closed", async () => {
    const { url, events } = await start({ idleTimeoutMs: 100 });
    const session = connect(url);
    const goaway = new Promise((resolve) => session.on("goaway", resolve));
    const closed = new Promise((resolve) => session.on("close", resolve));
    expect(await h2Request(session, { ":path": "/a" })).toMatchObject({ status: 200 });
    expect(await goaway).toBe(http2.constants.NGHTTP2_NO_ERROR);
    await closed;
    expect(events).toContainEqual({ kind: "ended", reason: "idle" });
  });

  test("a connection past its age is retired: GOAWAY, or Connection: close", async () => {
    const { url } = await start({ connectionAgeMaxMs: 0 });
    const session = connect(url);
    await new Promise((resolve) => session.on("close", resolve));
    const closing = await new Promise((resolve) => {
      http.get(url, { agent: new http.Agent({ keepAlive: true }) }, (response) =>
        resolve(response.headers.connection),
      );
    });
    expect(closing).toBe("close");
  });
});

describe("caps", () => {
  test("connections of one address beyond the limit are closed at once, and counted", async () => {
    const listener = await start({ connectionsPerPeerMax: 2 });
    const { port, url, events } = listener;
    const sockets = [net.connect(port, "127.0.0.1"), net.connect(port, "127.0.0.1")];
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.on("connect", resolve))));
    expect(await raw(port)).toBe("");
    expect(events).toContainEqual({ kind: "refused", reason: "connections-per-peer" });
    const closed = new Promise((resolve) => sockets[0]?.on("close", resolve));
    sockets[0]?.destroy();
    await closed;
    // The server hears of the end a little later than the client.
    while (listener.connections > 1) await pause();
    expect(await h1Request(`${url}/a`, {})).toMatchObject({ status: 200 });
    sockets[1]?.destroy();
  });

  test("connections beyond the limit of the listener are closed at once", async () => {
    const { port, events } = await start({ connectionsMax: 0 });
    expect(await raw(port)).toBe("");
    expect(events).toEqual([{ kind: "refused", reason: "connections" }]);
  });

  test("streams beyond the limit are refused, also to a client that ignores the settings", async () => {
    const server = echo();
    const { port } = await start({ streamsPerConnectionMax: 5 }, {}, server.handler);
    const block = headerBlock(requestFields("/hold"));
    const socket = net.connect(port, "127.0.0.1");
    socket.write(
      Buffer.concat([
        preface,
        settings(),
        ...Array.from({ length: 8 }, (_, i) => headers(2 * i + 1, block, flag.endHeaders | flag.endStream)),
      ]),
    );
    const refused: number[] = [];
    const read = frameReader();
    await new Promise<void>((resolve) => {
      socket.on("data", (chunk) => {
        for (const { type, streamId, payload } of read(chunk)) {
          if (type !== frameType.rstStream) continue;
          expect(payload.readUInt32BE(0)).toBe(http2.constants.NGHTTP2_REFUSED_STREAM);
          refused.push(streamId);
        }
        if (refused.length === 3) resolve();
      });
    });
    expect(refused).toEqual([11, 13, 15]);
    expect(server.started).toBe(5);
    socket.destroy();
  });

  test("requests pipelined beyond the limit end the connection", async () => {
    const server = echo();
    const { port } = await start({ streamsPerConnectionMax: 5 }, {}, server.handler);
    await raw(port, "GET /hold HTTP/1.1\r\nhost: a\r\n\r\n".repeat(100));
    expect(server.started).toBe(5);
  });
});

describe("drain", () => {
  test("what is in flight is answered, then every connection ends", async () => {
    const server = echo();
    const { url, drain, events } = await start({}, {}, server.handler);
    const agent = new http.Agent({ keepAlive: true });
    const session = connect(url);
    const answers = [h1Request(`${url}/hold`, { agent }), h2Request(session, { ":path": "/hold" })];
    while (server.started < 2) await pause();
    const drained = drain({ graceMs: 5000 });
    await new Promise((resolve) => session.once("goaway", resolve));
    server.release();
    expect(await Promise.all(answers)).toEqual([
      { status: 200, body: "h1 /hold " },
      { status: 200, body: "h2 /hold " },
    ]);
    await drained;
    expect(events.filter(({ kind }) => kind === "ended")).toEqual([]);
    await expect(h1Request(url, {})).rejects.toMatchObject({ code: "ECONNREFUSED" });
    agent.destroy();
  });

  test("a request that was on its way over an idle HTTP/1.1 connection is answered with Connection: close", async () => {
    const { port, drain } = await start();
    const socket = net.connect(port, "127.0.0.1");
    const request = "GET /a HTTP/1.1\r\nhost: a\r\n\r\n";
    socket.write(request);
    await new Promise((resolve) => socket.once("data", resolve));
    const drained = drain({ graceMs: 5000 });
    socket.write(request);
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1.1 200 [^]*\r\nconnection: close\r\n/i);
    await drained;
  });

  test("what does not end within the grace is cut", async () => {
    const server = echo();
    const { url, drain, events } = await start({}, {}, server.handler);
    const session = connect(url);
    const answer = h2Request(session, { ":path": "/hold" });
    while (server.started < 1) await pause();
    const [outcome] = await Promise.allSettled([answer, drain({ graceMs: 50 })]);
    expect(outcome.status).toBe("rejected");
    expect(events).toContainEqual({ kind: "ended", reason: "drain" });
  });
});
