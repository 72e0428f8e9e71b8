import { afterEach, describe, expect, test } from "@jest/globals";
import * as http2 from "node:http2";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Code, createClient } from "@connectrpc/connect";
import { ConformanceService } from "../../gen/ts/connectrpc/conformance/v1/service_pb.js";
import { frame, frameType, settings } from "../testing/http2-frames.js";
import { createHttpTransport, type HttpTransport } from "./http2-transport.js";
import { never, rejection, startEchoServer, startRawServer, type TestServer } from "./test-server.js";
import type { HttpTransportOptions } from "./transport-options.js";
import { unprocessedBecause } from "./unprocessed.js";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function clientOf(server: { url: string }, options: Partial<HttpTransportOptions> = {}) {
  const transport: HttpTransport = createHttpTransport({
    baseUrl: server.url,
    protocol: "connect",
    ...options,
  });
  cleanups.push(() => transport.destroy());
  return { transport, client: createClient(ConformanceService, transport) };
}

function started(server: TestServer): TestServer {
  cleanups.push(() => server.close());
  return server;
}

/** A server that speaks by hand, on a bare socket. */
async function startSocketServer(onSocket: (socket: Socket) => void): Promise<TestServer> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => undefined);
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return started({
    url: `http://127.0.0.1:${port}`,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  });
}

const accept = (stream: http2.ServerHttp2Stream) => {
  stream.respond({ ":status": 200, "content-type": "application/proto" });
  stream.end();
};

describe("GOAWAY", () => {
  test("a running call ends on its connection, new ones go to another", async () => {
    const waiting: http2.ServerHttp2Stream[] = [];
    const server = started(await startRawServer((stream) => waiting.push(stream)));
    const { client } = clientOf(server);
    const first = client.unary({});
    await until(() => waiting.length === 1);
    waiting[0]?.session?.goaway(http2.constants.NGHTTP2_NO_ERROR, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = client.unary({});
    await until(() => waiting.length === 2);
    for (const stream of waiting) accept(stream);
    await expect(Promise.all([first, second])).resolves.toHaveLength(2);
    expect(server.connections()).toBe(2);
  });

  test.each([
    ["NO_ERROR", http2.constants.NGHTTP2_NO_ERROR],
    ["ENHANCE_YOUR_CALM", http2.constants.NGHTTP2_ENHANCE_YOUR_CALM],
  ])(
    "a call that GOAWAY with %s leaves out is sent once more, safe to repeat or not",
    async (_name, code) => {
      const second = http2.createServer().on("stream", accept);
      const server = await startSocketServer((socket) => {
        if (server.connections() > 1) return void second.emit("connection", socket);
        socket.write(settings());
        // The last processed stream is 0: none.
        const payload = Buffer.alloc(8);
        payload.writeUInt32BE(code, 4);
        socket.on("data", (chunk: Buffer) => {
          if (chunk.includes("ConformanceService") || chunk.length > 100) {
            socket.write(frame(frameType.goaway, 0, 0, payload));
          }
        });
      });
      await clientOf(server).client.unary({});
      expect(server.connections()).toBe(2);
    },
  );

  test("a call that is refused twice fails, and is known to be unprocessed", async () => {
    let streams = 0;
    const server = started(
      await startRawServer((stream) => {
        streams++;
        stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      }),
    );
    const failure = await rejection(clientOf(server).client.unary({}));
    expect(failure).toMatchObject({ code: Code.Unavailable });
    expect(unprocessedBecause(failure)).toBe("refused");
    expect(streams).toBe(2);
  });

  test("a call that GOAWAY with an error counts as processed is not repeated", async () => {
    let streams = 0;
    const server = started(
      await startRawServer((stream) => {
        streams++;
        stream.session?.goaway(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM, stream.id);
      }),
    );
    const failure = await rejection(clientOf(server).client.unary({}));
    expect(failure).toMatchObject({ code: Code.Unavailable });
    expect(unprocessedBecause(failure)).toBeUndefined();
    expect(streams).toBe(1);
  });

  test("calls that wait for a free stream are sent on the next connection", async () => {
    let streams = 0;
    const server = started(
      await startRawServer(
        (stream) => {
          if (++streams !== 2) return accept(stream);
          stream.session?.goaway(http2.constants.NGHTTP2_NO_ERROR, stream.id ?? 0);
          setTimeout(() => accept(stream), 20);
        },
        { settings: { maxConcurrentStreams: 1 } },
      ),
    );
    const { client } = clientOf(server);
    await client.unary({});
    await expect(Promise.all([client.unary({}), client.unary({})])).resolves.toHaveLength(2);
    expect(server.connections()).toBe(2);
  });
});

describe("a connection that fails", () => {
  test("nobody listens: UNAVAILABLE, unprocessed", async () => {
    const failure = await rejection(clientOf({ url: "http://127.0.0.1:1" }).client.unary({}));
    expect(failure).toMatchObject({ code: Code.Unavailable, rawMessage: "cannot connect to 127.0.0.1:1" });
    expect(unprocessedBecause(failure)).toBe("unreachable");
  });

  test("a connect without an answer ends at the connect timeout", async () => {
    // TLS towards a server that never says anything.
    const server = await startSocketServer(() => undefined);
    const { client } = clientOf(
      { url: server.url.replace("http:", "https:") },
      { times: { connectTimeoutMs: 50 } },
    );
    const failure = await rejection(client.unary({}));
    expect(failure).toMatchObject({ code: Code.Unavailable });
    expect(unprocessedBecause(failure)).toBe("unreachable");
  });

  test("a socket that breaks under a call: UNAVAILABLE, perhaps processed, and the next call connects anew", async () => {
    let streams = 0;
    const server = started(
      await startRawServer((stream) => (++streams > 1 ? accept(stream) : stream.session?.destroy())),
    );
    const { client } = clientOf(server);
    const failure = await rejection(client.unary({}));
    expect(failure).toMatchObject({ code: Code.Unavailable, rawMessage: "connection lost" });
    expect(unprocessedBecause(failure)).toBeUndefined();
    await client.unary({});
  });

  test("a server that speaks HTTP/1.1", async () => {
    const server = await startSocketServer((socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    expect(await rejection(clientOf(server).client.unary({}))).toMatchObject({ code: Code.Unavailable });
  });

  test("a server that is silent is found out by PING", async () => {
    let bytes = 0;
    const server = await startSocketServer((socket) => {
      // Its SETTINGS, and no more.
      socket.write(settings());
      socket.on("data", (chunk: Buffer) => (bytes += chunk.length));
    });
    const { client } = clientOf(server, { times: { pingIntervalMs: 20, pingTimeoutMs: 20 } });
    const failure = await rejection(client.unary({}));
    expect(failure).toMatchObject({ code: Code.Unavailable });
    expect(bytes).toBeGreaterThan(0);
  });
});

describe("a connection without calls", () => {
  test("answers to PINGs keep it", async () => {
    const server = started(await startEchoServer());
    const { client } = clientOf(server, {
      times: { pingIntervalMs: 10, pingTimeoutMs: 1000, idleTimeoutMs: 60_000 },
    });
    await client.unary({});
    await new Promise((resolve) => setTimeout(resolve, 100));
    await client.unary({});
    expect(server.connections()).toBe(1);
  });

  test("is closed when it was idle for long enough", async () => {
    let closed = false;
    const server = started(
      await startRawServer((stream) => {
        stream.session?.once("close", () => (closed = true));
        accept(stream);
      }),
    );
    const { client } = clientOf(server, { times: { pingIntervalMs: 10, idleTimeoutMs: 20 } });
    await client.unary({});
    await until(() => closed);
    await client.unary({});
    expect(server.connections()).toBe(2);
  });
});

describe("closing the transport", () => {
  test("lets running calls finish and takes no more", async () => {
    const waiting: http2.ServerHttp2Stream[] = [];
    const server = started(await startRawServer((stream) => waiting.push(stream)));
    const { client, transport } = clientOf(server);
    const running = client.unary({});
    await until(() => waiting.length === 1);
    transport.close();
    expect(await rejection(client.unary({}))).toMatchObject({ code: Code.Canceled });
    waiting.forEach(accept);
    await running;
  });

  test("destroying it while it connects ends calls", async () => {
    const server = started(await startEchoServer());
    const { client, transport } = clientOf(server);
    const call = rejection(client.unary({}));
    transport.destroy();
    expect(await call).toMatchObject({ code: Code.Unavailable });
  });

  test("destroying it ends calls and streams", async () => {
    const server = started(await startEchoServer());
    const { client, transport } = clientOf(server, { protocol: "grpc" });
    await client.unary({});
    const call = rejection(client.unary({ responseDefinition: { responseDelayMs: never } }));
    setTimeout(() => transport.destroy(), 20);
    expect(await call).toMatchObject({ code: Code.Unavailable });
  });
});

describe.each(["connect", "grpc"] as const)("a stream over %s", (protocol) => {
  async function readAll(client: ReturnType<typeof clientOf>["client"]) {
    for await (const _ of client.serverStream({}));
  }

  test("ends with UNAVAILABLE when its connection breaks", async () => {
    const server = started(
      await startRawServer((stream) => {
        stream.respond({ ":status": 200, "content-type": `application/${protocol}+proto` });
        setTimeout(() => stream.session?.destroy(), 10);
      }),
    );
    expect(await rejection(readAll(clientOf(server, { protocol }).client))).toMatchObject({
      code: Code.Unavailable,
    });
  });

  test("ends with UNAVAILABLE when nobody listens", async () => {
    const { client } = clientOf({ url: "http://127.0.0.1:1" }, { protocol });
    expect(await rejection(readAll(client))).toMatchObject({ code: Code.Unavailable });
  });

  test("ends with UNAVAILABLE when the transport is destroyed", async () => {
    const server = started(
      await startRawServer((stream) =>
        stream.respond({ ":status": 200, "content-type": `application/${protocol}+proto` }),
      ),
    );
    const { client, transport } = clientOf(server, { protocol });
    setTimeout(() => transport.destroy(), 50);
    expect(await rejection(readAll(client))).toMatchObject({ code: Code.Unavailable });
  });
});

test("a canceled call resets its stream with CANCEL", async () => {
  let resetCode: number | undefined;
  let begun = false;
  const server = started(
    await startRawServer((stream) => {
      begun = true;
      stream.once("close", () => (resetCode = stream.rstCode));
    }),
  );
  const abort = new AbortController();
  const call = rejection(clientOf(server).client.unary({}, { signal: abort.signal }));
  await until(() => begun);
  abort.abort();
  await call;
  await until(() => resetCode !== undefined);
  expect(resetCode).toBe(http2.constants.NGHTTP2_CANCEL);
});

/** Waits for a condition; Jest's own timeout bounds it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
