// Hot path: an HTTP/1.1 request and its answer.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import type { HeaderRecord } from "../call/call.js";
import { readBody } from "./body.js";
import { bodyFailure, contentLengthOf } from "./body-failure.js";
import { certificateNamesOf } from "./certificate.js";
import { withExtra, type Exchange, type OutgoingRecord } from "./exchange.js";

/** The exchange of an HTTP/1.1 request. */
export class Http1Exchange implements Exchange {
  readonly http2 = false;
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderRecord;
  extraHeaders: OutgoingRecord | undefined = undefined;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
    this.method = request.method ?? "";
    this.target = request.url ?? "";
    this.headers = request.headers;
  }

  get address(): string {
    return this.#request.socket.remoteAddress ?? "";
  }

  get certificateNames(): readonly string[] | undefined {
    // Over TLS the socket is a TLSSocket; a plain socket has no `encrypted`.
    return certificateNamesOf(this.#request.socket as TLSSocket);
  }

  get gone(): boolean {
    return this.#response.destroyed || this.#response.headersSent;
  }

  readBody(bytesMax: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const contentLength = contentLengthOf(this.headers);
      readBody(this.#request, { bytesMax, contentLength }, (failure, body) => {
        if (failure === undefined) resolve(body);
        else reject(bodyFailure(failure, bytesMax));
      });
    });
  }

  send(status: number, headers: OutgoingRecord, body?: Uint8Array | string): void {
    if (this.gone) return;
    const bytes = bytesOf(body);
    if (status !== 204 && status !== 304) headers["content-length"] = String(bytes);
    const early = !this.#request.complete && hasLongBody(this.headers);
    if (early) headers["connection"] = "close";
    this.#response.writeHead(status, withExtra(headers, this.extraHeaders));
    if (early) endLater(this.#request, this.#response, body);
    else if (this.method === "HEAD" || body === undefined) this.#response.end();
    // A text of ASCII only can be copied as it is; as "utf8" node would measure and convert it.
    else this.#response.end(body, typeof body === "string" && bytes === body.length ? "latin1" : "utf8");
  }

  sendWithTrailers(): void {
    throw new Error("gRPC needs HTTP/2");
  }

  onGone(execution: { cancel(): void }): void {
    const response = this.#response;
    if (response.headersSent) return;
    response.on("close", () => {
      if (!response.headersSent) execution.cancel();
    });
  }

  /** The request and response of node, for the road of streams. */
  get node(): { readonly request: IncomingMessage; readonly response: ServerResponse } {
    return { request: this.#request, response: this.#response };
  }
}

// Node reads what is left of a body after the answer, so that the connection can be used again. That is worth it for a
// short body only.
const unreadBytesMax = 64 * 1024;

// A client that goes on sending after its answer gets this time to read the answer.
const lingerMs = 2000;

/**
 * Ends an answer when its request has been read, or after a while: a connection that is closed while the client is still
 * sending is reset, and then the client may lose an answer that it has not read (RFC 9112, section 9.6). The answer has a
 * content-length, so that it is whole to the client before that.
 */
function endLater(
  request: IncomingMessage,
  response: ServerResponse,
  body: Uint8Array | string | undefined,
): void {
  response.flushHeaders();
  if (body !== undefined && request.method !== "HEAD") response.write(body);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, lingerMs).unref();
  request.once("end", end).once("close", end).resume();
}

function hasLongBody(headers: HeaderRecord): boolean {
  if (headers["transfer-encoding"] !== undefined) return true;
  return (contentLengthOf(headers) ?? 0) > unreadBytesMax;
}

function bytesOf(body: Uint8Array | string | undefined): number {
  if (body === undefined) return 0;
  return typeof body === "string" ? Buffer.byteLength(body) : body.length;
}
