// Sends bytes as they are through a door, and reads which code came back.
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { codeOfNumber } from "../code.js";
import { sendHttp1, sendHttp2, type RawAnswer, type RawRequest } from "../http.js";

/** Where a test server listens, and the headers of a caller who may do everything. */
export interface Target {
  readonly internalUrl: string;
  readonly publicUrl: string;
  readonly credentials: Readonly<Record<string, string>>;
}

/** What a caller learns. */
export interface Verdict {
  readonly status: number;
  /** "ok", a code as Connect writes it, or "" where there is only an HTTP status. */
  readonly code: string;
}

/** A way to send the bytes of one message. */
export interface RawDoor {
  readonly name: string;
  readonly format: "json" | "binary";
  readonly grpc: boolean;
  /** The request header that names the compression of the message. */
  readonly encodingHeader: string;
  readonly timeoutHeader: "grpc-timeout" | "connect-timeout-ms";
  request(message: Uint8Array, options?: SendOptions): RawRequest;
  send(target: Target, request: RawRequest): Promise<RawAnswer>;
}

/** What a row changes about a request. */
export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the message is compressed: where the protocol has frames, their flag says so. */
  readonly compressed?: boolean;
}

const rpcPath = "/lab.v1.Lab/Star";

/** Every door that takes a message as bytes. All lead to the same handler, which gives the message back. */
export const rawDoors: readonly RawDoor[] = [
  grpcDoor("gRPC", "application/grpc", "binary"),
  grpcDoor("gRPC as JSON", "application/grpc+json", "json"),
  grpcDoor("gRPC-Web", "application/grpc-web", "binary"),
  grpcDoor("gRPC-Web as JSON", "application/grpc-web+json", "json"),
  httpDoor("Connect JSON", "application/json", rpcPath, "internalUrl"),
  httpDoor("Connect binary", "application/proto", rpcPath, "internalUrl"),
  httpDoor("Connect JSON, public", "application/json", rpcPath, "publicUrl"),
  httpDoor("REST JSON", "application/json", "/v1/star/name", "publicUrl"),
  httpDoor("REST binary", "application/proto", "/v1/star/name", "publicUrl"),
];

/** A door by its name. */
export function rawDoor(name: string): RawDoor {
  const door = rawDoors.find((each) => each.name === name);
  if (door === undefined) throw new Error(`no door is called ${name}`);
  return door;
}

/** Puts gRPC's prefix before a message. `length` may lie. */
export function frame(message: Uint8Array, flags = 0, length: number = message.length): Buffer {
  const framed = Buffer.alloc(5 + message.length);
  framed[0] = flags;
  framed.writeUInt32BE(length, 1);
  framed.set(message, 5);
  return framed;
}

/** Reads the code of an answer, wherever the protocol has it. */
export function verdictOf({ status, headers, trailers, body }: RawAnswer): Verdict {
  const type = String(headers["content-type"] ?? "");
  const grpc = headers["grpc-status"] ?? trailers["grpc-status"] ?? webStatus(type, body);
  if (grpc !== undefined) return { status, code: grpc === "0" ? "ok" : nameOf(Number(grpc)) };
  if (status < 300) return { status, code: "ok" };
  if (!type.startsWith("application/json")) return { status, code: "" };
  const { code } = JSON.parse(body.toString()) as { code?: string | number };
  return { status, code: typeof code === "number" ? nameOf(code) : (code ?? "") };
}

function grpcDoor(name: string, contentType: string, format: RawDoor["format"]): RawDoor {
  return {
    name,
    format,
    grpc: true,
    encodingHeader: "grpc-encoding",
    timeoutHeader: "grpc-timeout",
    request: (message, { headers, compressed = false } = {}) => ({
      path: rpcPath,
      headers: { "content-type": contentType, te: "trailers", ...headers },
      body: frame(message, compressed ? 1 : 0),
    }),
    send: ({ internalUrl, credentials }, request) =>
      sendHttp2(internalUrl, { ...request, headers: { ...credentials, ...request.headers } }),
  };
}

function httpDoor(
  name: string,
  contentType: string,
  path: string,
  url: "internalUrl" | "publicUrl",
): RawDoor {
  return {
    name,
    format: contentType === "application/json" ? "json" : "binary",
    grpc: false,
    encodingHeader: "content-encoding",
    timeoutHeader: "connect-timeout-ms",
    request: (message, { headers } = {}) => ({
      path,
      headers: { "content-type": contentType, ...headers },
      body: message,
    }),
    send: (target, request) =>
      sendHttp1(target[url], { ...request, headers: { ...target.credentials, ...request.headers } }),
  };
}

/** gRPC-Web has its status in the last frame of the body. */
function webStatus(contentType: string, body: Buffer): string | undefined {
  if (!contentType.startsWith("application/grpc-web")) return undefined;
  return /grpc-status: (\d+)/.exec(body.toString("latin1"))?.[1];
}

function nameOf(code: number): string {
  return codeToString(codeOfNumber(code));
}
