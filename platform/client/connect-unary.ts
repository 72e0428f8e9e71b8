// Hot path: unary calls of the Connect protocol over POST. Source: https://connectrpc.com/docs/protocol
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type UnaryResponse } from "@connectrpc/connect";
import { codeFromHttpStatus, errorFromJsonBytes } from "@connectrpc/connect/protocol-connect";
import { inflate } from "./compression.js";
import type { Answer } from "./exchange.js";
import { decodeAnswer, encodeRequest } from "./message-codec.js";
import { addMetadata, errorMetadata, toHeaders } from "./metadata.js";
import {
  checkRequestSize,
  unaryResponse,
  userAgent,
  type Packed,
  type Route,
  type UnaryProtocol,
  type UnarySettings,
} from "./unary.js";

/** The longest `connect-timeout-ms`: ten digits. */
const timeoutMaxMs = 9_999_999_999;

/** The Connect protocol for unary calls. */
export function connectUnary(settings: UnarySettings): UnaryProtocol {
  const contentType = settings.format === "binary" ? "application/proto" : "application/json";
  const acceptEncoding = settings.accept.map((one) => one.name).join(",");

  return {
    bodyBytesMax: settings.readMaxBytes,

    pack(route, message) {
      const body = encodeRequest(route.input, message, 0);
      checkRequestSize(body.length, settings);
      if (settings.send !== undefined && body.length >= settings.compressMinBytes)
        return deflate(body, settings.send);
      return { body, compressed: false };
    },

    headers(route, packed, timeoutMs, metadata) {
      const headers: Record<string, string> = { ":method": "POST", ":path": route.path };
      addMetadata(headers, metadata);
      headers["content-type"] = contentType;
      headers["connect-protocol-version"] = "1";
      headers["content-length"] = String(packed.body.length);
      headers["user-agent"] ??= userAgent;
      if (acceptEncoding !== "") headers["accept-encoding"] = acceptEncoding;
      if (packed.compressed && settings.send !== undefined) headers["content-encoding"] = settings.send.name;
      else delete headers["content-encoding"];
      // Rounded down, for the server's deadline should be the earlier one.
      if (timeoutMs !== undefined) {
        headers["connect-timeout-ms"] = String(Math.min(timeoutMaxMs, Math.max(1, Math.floor(timeoutMs))));
      }
      return headers;
    },

    read(route, answer) {
      if (answer.status === 200) checkContentType(answer, contentType);
      const encoding = answer.header["content-encoding"];
      if (encoding !== undefined && encoding !== "identity")
        return readCompressed(route, answer, encoding, settings);
      return respond(route, answer, answer.body);
    },
  };
}

async function deflate(body: Buffer, compression: NonNullable<UnarySettings["send"]>): Promise<Packed> {
  return { body: await compression.compress(new Uint8Array(body)), compressed: true };
}

async function readCompressed<I extends DescMessage, O extends DescMessage>(
  route: Route<I, O>,
  answer: Answer,
  encoding: string,
  settings: UnarySettings,
): Promise<UnaryResponse<I, O>> {
  // Without a body there is nothing to inflate: an empty message, or an HTTP error of something on the way.
  if (answer.body.length === 0) return respond(route, answer, answer.body);
  const bytes = await inflate(new Uint8Array(answer.body), encoding, settings.accept, settings.readMaxBytes);
  return respond(route, answer, bytes);
}

function respond<I extends DescMessage, O extends DescMessage>(
  route: Route<I, O>,
  answer: Answer,
  bytes: Uint8Array,
): UnaryResponse<I, O> {
  if (answer.status !== 200) throw errorOf(answer, bytes);
  const { header } = answer;
  return unaryResponse(
    route.method,
    // The codec of a route is that of its method's output.
    decodeAnswer(route.output, bytes) as MessageShape<O>,
    () => toHeaders(header, "leading"),
    () => toHeaders(header, "trailing"),
  );
}

/** The error in a body of JSON; one made from the HTTP status if there is no such body. */
function errorOf({ status, header }: Answer, bytes: Uint8Array): ConnectError {
  const metadata = errorMetadata(toHeaders(header, "leading"), toHeaders(header, "trailing"));
  const code = codeFromHttpStatus(status);
  try {
    if (mediaType(header["content-type"]) === "application/json") {
      return errorFromJsonBytes(new Uint8Array(bytes), metadata, new ConnectError("", code));
    }
  } catch {
    // Not the JSON of an error: something on the way has answered.
  }
  return new ConnectError(`HTTP ${status}`, code, metadata);
}

function checkContentType({ header }: Answer, expected: string): void {
  const received = header["content-type"];
  if (received === expected) return;
  const type = mediaType(received);
  if (type === expected) return;
  // Another codec of Connect means a server that misunderstood us; anything else, that it is no Connect server.
  const known =
    type === "application/proto" ||
    type === "application/json" ||
    type?.startsWith("application/connect+") === true;
  throw new ConnectError(
    "unexpected content type of the answer",
    known ? Code.Internal : Code.Unknown,
    errorMetadata(toHeaders(header, "leading"), toHeaders(header, "trailing")),
  );
}

/** The media type without parameters, in lower case. */
function mediaType(contentType: string | undefined): string | undefined {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase();
}
