// HTTP without a client library in the way: what was sent and what came back, byte for byte.
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";

/** A request. `path` is sent as it is. */
export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array | string;
}

/** An answer. Header names are lower-case. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly trailers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

const agent = new http.Agent({ keepAlive: false });

/** Sends a request over HTTP/1.1 on a connection of its own. Rejects if no whole answer comes. */
export function sendHttp1(
  base: string,
  { method = "POST", path, headers, body }: RawRequest,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const outgoing: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(headers ?? {}))
      outgoing[name] = typeof value === "string" ? value : [...value];
    const request = http.request({ hostname, port, path, method, headers: outgoing, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          trailers: response.trailers,
          body: Buffer.concat(chunks),
        }),
      );
      response.on("error", reject);
    });
    // A server that has answered early may close before it has read everything; the answer is what counts.
    request.on("error", (error) => setTimeout(() => reject(error), 50));
    request.end(body);
  });
}

/** Sends a request over HTTP/2 on a connection of its own. Rejects if the stream ends without an answer. */
export function sendHttp2(
  base: string,
  { method = "POST", path, headers, body }: RawRequest,
): Promise<RawAnswer> {
  // Node's own bounds are below what a server has to refuse.
  const session = http2.connect(base, { maxSessionMemory: 64, maxSendHeaderBlockLength: 1 << 20 });
  return new Promise<RawAnswer>((resolve, reject) => {
    session.on("error", reject);
    const stream = session.request({ ":method": method, ":path": path, ...headers });
    let head: http2.IncomingHttpHeaders = {};
    let trailers: http2.IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.on("response", (received) => (head = received));
    stream.on("trailers", (received) => (trailers = received));
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () => {
      const status = Number(head[":status"] ?? 0);
      if (status === 0) reject(new Error(`the stream was reset with ${stream.rstCode}`));
      else resolve({ status, headers: head, trailers, body: Buffer.concat(chunks) });
    });
    stream.end(body);
  }).finally(() => session.destroy());
}

/** Writes bytes to a connection and gives back all that comes until the server closes it. */
export function sendBytes(base: string, bytes: string | Uint8Array): Promise<string> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname);
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString("latin1")));
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
    socket.write(bytes);
  });
}
