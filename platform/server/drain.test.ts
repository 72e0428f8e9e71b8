import http from "node:http";
import http2 from "node:http2";
import { expect, test } from "@jest/globals";
import { readBody } from "./body.js";
import { defaultLimits } from "./limits.js";
import { listen, type Listener } from "./listen.js";

const workMs = 5;

/** A server whose handlers take a moment. */
function start(): Promise<Listener> {
  const bounds = { bytesMax: 1000, contentLength: undefined };
  return listen(
    { host: "127.0.0.1", port: 0, limits: defaultLimits },
    {
      h1(request, response) {
        readBody(request, bounds, (_failure, body) => setTimeout(() => response.end(body), workMs));
      },
      h2(stream) {
        readBody(stream, bounds, (_failure, body) => {
          setTimeout(() => {
            if (stream.closed || stream.destroyed) return;
            stream.respond({ ":status": 200 });
            stream.end(body);
          }, workMs);
        });
      },
    },
  );
}

test("no call fails while servers are replaced under load, by clients that heed GOAWAY", async () => {
  let current = await start();
  let called = 0;
  let answered = 0;
  const failures: string[] = [];
  const agent = new http.Agent({ keepAlive: true });
  let session: http2.ClientHttp2Session | undefined;

  const connect = (): http2.ClientHttp2Session => {
    const opened = http2.connect(current.url);
    const forget = (): void => {
      if (session === opened) session = undefined;
    };
    opened.on("error", () => {});
    opened.on("goaway", forget);
    opened.on("close", forget);
    return opened;
  };
  const callH2 = (): void => {
    session ??= connect();
    const stream = session.request({ ":method": "POST", ":path": "/" });
    let status: number | undefined;
    stream.on("response", (head) => (status = head[":status"]));
    stream.on("error", () => {});
    stream.on("close", () => {
      if (status === 200) answered++;
      // The server promises that it did not begin: the call may be sent again (RFC 9113, section 8.7).
      else if (stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM) callH2();
      else failures.push(`h2: reset with ${stream.rstCode}`);
    });
    stream.resume();
    stream.end("body");
  };
  const callH1 = (): void => {
    const request = http.request(current.url, { method: "POST", agent }, (response) => {
      response.resume();
      response.on("end", () => answered++);
    });
    request.on("error", (error: NodeJS.ErrnoException) => failures.push(`h1: ${error.code}`));
    request.end("body");
  };

  const load = setInterval(() => {
    called += 2;
    callH2();
    callH1();
  }, 4);
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const old = current;
    current = await start();
    await old.drain({ graceMs: 5000 });
  }
  clearInterval(load);
  // The last server stays until every call, repeated ones too, has been answered.
  while (answered + failures.length < called) await new Promise((resolve) => setTimeout(resolve, 5));
  await current.drain({ graceMs: 5000 });
  agent.destroy();
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(100);
}, 30_000);
