// Hot path: an HTTP/2 stream as a request and its answer.
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { HeaderRecord } from "../call/call.js";
import { readBody } from "./body.js";
import { bodyFailure, contentLengthOf } from "./body-failure.js";
import { certificateNamesOf } from "./certificate.js";
import { withExtra, type Exchange, type OutgoingRecord } from "./exchange.js";

const withTrailers = { waitForTrailers: true };
const endStream = { endStream: true };

/** The exchange of an HTTP/2 stream. */
export class Http2Exchange implements Exchange {
  readonly http2 = true;
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderRecord;
  extraHeaders: OutgoingRecord | undefined = undefined;
  readonly stream: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.stream = stream;
    this.method = headers[":method"] ?? "";
    this.target = headers[":path"] ?? "";
    this.headers = headers;
  }

  get address(): string {
    return this.stream.session?.socket.remoteAddress ?? "";
  }

  get certificateNames(): readonly string[] | undefined {
    const socket = this.stream.session?.socket;
    // Over TLS the socket is a TLSSocket; a plain socket has no `encrypted`.
    return socket === undefined ? undefined : certificateNamesOf(socket as TLSSocket);
  }

  get gone(): boolean {
    return this.stream.destroyed || this.stream.headersSent || this.stream.closed;
  }

  readBody(bytesMax: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const contentLength = contentLengthOf(this.headers);
      readBody(this.stream, { bytesMax, contentLength }, (failure, body) => {
        if (failure === undefined) resolve(body);
        else reject(bodyFailure(failure, bytesMax));
      });
    });
  }

  send(status: number, headers: OutgoingRecord, body?: Uint8Array | string): void {
    if (this.gone) return;
    const record: Record<string, string | string[] | number> = withExtra(headers, this.extraHeaders);
    record[":status"] = status;
    if (body === undefined || body.length === 0) {
      this.stream.respond(record, endStream);
      return;
    }
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    record["content-length"] = bytes.length;
    if (this.method === "HEAD") {
      this.stream.respond(record, endStream);
      return;
    }
    this.stream.respond(record);
    this.stream.end(bytes);
  }

  sendWithTrailers(headers: OutgoingRecord, body: Uint8Array | undefined, trailers: OutgoingRecord): void {
    if (this.gone) return;
    const { stream } = this;
    const record: Record<string, string | string[] | number> = withExtra(headers, this.extraHeaders);
    record[":status"] = 200;
    if (body === undefined) {
      stream.respond(Object.assign(record, trailers), endStream);
      return;
    }
    stream.respond(record, withTrailers);
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    stream.end(body);
  }

  onGone(execution: { cancel(): void }): void {
    if (!this.stream.headersSent) this.stream.on("aborted", () => execution.cancel());
  }
}
