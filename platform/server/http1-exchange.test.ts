import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { conformanceService } from "../../test/conformance/service.js";
import { startService, type TestServer } from "../testing/start-service.js";

const service = "/connectrpc.conformance.v1.ConformanceService";

let started: TestServer<never>;
let port: number;

beforeAll(async () => {
  started = await startService({ services: [conformanceService()], principals: {} });
  port = Number(new URL(started.internalUrl).port);
});
afterAll(() => started.close());

/** A connection and what came over it so far. */
interface Connection {
  readonly socket: Socket;
  /** Waits until what came matches. Rejects if the connection breaks first. */
  until(pattern: RegExp): Promise<string>;
  /** Resolves with everything that came when the server closes; rejects if it resets. */
  readonly closed: Promise<string>;
}

function open(): Connection {
  const socket = connect(port, "127.0.0.1").setEncoding("latin1");
  let text = "";
  socket.on("data", (chunk) => (text += chunk));
  const closed = new Promise<string>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("end", () => resolve(text));
  });
  closed.catch(() => undefined);
  return {
    socket,
    closed,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(text)) resolve(text);
        };
        socket.on("data", look);
        socket.on("error", reject);
        socket.on("end", () => reject(new Error(`closed after: ${text}`)));
        look();
      }),
  };
}

const unary =
  `POST ${service}/Unary HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n` +
  "content-length: 2\r\n\r\n{}";

describe("an answer before the end of its request", () => {
  test("reaches a client that goes on sending, although the connection ends after it", async () => {
    const { socket, until, closed } = open();
    const bytes = 1_000_000;
    socket.write(`POST /nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: ${bytes}\r\n\r\n`);
    expect(await until(/no such method or path\n$/)).toMatch(/^HTTP\/1.1 404 [^]*\r\nconnection: close\r\n/i);
    socket.write(Buffer.alloc(bytes));
    expect(await closed).toMatch(/^HTTP\/1.1 404 /);
  });

  test("with a short rest to come leaves the connection to the next request", async () => {
    const { socket, until } = open();
    socket.write("POST /nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\n");
    await until(/no such method or path\n$/);
    socket.write(`abc${unary}`);
    expect(await until(/requestInfo/)).toMatch(/HTTP\/1.1 200 /);
    socket.destroy();
  });

  test("of a stream leaves the connection to the next request", async () => {
    const { socket, until } = open();
    // A message flagged as compressed in a stream without compression: refused, while the body goes on.
    socket.write(
      `POST ${service}/ClientStream HTTP/1.1\r\nhost: a\r\ncontent-type: application/connect+proto\r\n` +
        "transfer-encoding: chunked\r\n\r\n6\r\n\u0001\0\0\0\u0001a\r\n",
      "latin1",
    );
    await until(/"error".*\r\n0\r\n\r\n$/s);
    socket.write(`0\r\n\r\n${unary}`);
    expect(await until(/requestInfo/)).toMatch(/HTTP\/1.1 200 [^]*HTTP\/1.1 200 /);
    // Longer than an unread body is waited for.
    await new Promise((resolve) => setTimeout(resolve, 2200));
    socket.write(unary);
    expect(await until(/requestInfo[^]*requestInfo/)).toMatch(/HTTP\/1.1 200 /);
    socket.destroy();
  });
});
