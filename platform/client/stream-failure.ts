import { constants, type ClientHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { nodeCode } from "./node-code.js";
import { unprocessed } from "./unprocessed.js";

// RFC 9113, section 7, to codes as in gRPC's PROTOCOL-HTTP2, "Errors".
const codeOfReset = new Map<number, Code>([
  [constants.NGHTTP2_CANCEL, Code.Canceled],
  [constants.NGHTTP2_ENHANCE_YOUR_CALM, Code.ResourceExhausted],
  [constants.NGHTTP2_INADEQUATE_SECURITY, Code.PermissionDenied],
  // The two that gRPC's table leaves out.
  [constants.NGHTTP2_STREAM_CLOSED, Code.Unknown],
  [constants.NGHTTP2_HTTP_1_1_REQUIRED, Code.Unknown],
]);

/** The error of a stream that the server reset with an HTTP/2 error code. */
function resetFailure(resetCode: number): ConnectError {
  const message = `stream reset by the server with HTTP/2 error ${resetCode}`;
  if (resetCode === constants.NGHTTP2_REFUSED_STREAM) return unprocessed("refused", message);
  return new ConnectError(message, codeOfReset.get(resetCode) ?? Code.Internal);
}

/** The error of a stream that ended without an answer, while its connection is well. */
export function streamFailure(stream: ClientHttp2Stream, error: Error | undefined): ConnectError {
  // Without an id it was never sent.
  if (stream.id === undefined) return unprocessed("refused", "connection is closing", error);
  if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) return resetFailure(stream.rstCode);
  return new ConnectError(
    "stream ended without a complete answer",
    Code.Internal,
    undefined,
    undefined,
    error,
  );
}

/** The error of a call whose connection broke while it waited; the server may have processed it. */
export function connectionLost(cause?: unknown): ConnectError {
  return new ConnectError("connection lost", Code.Unavailable, undefined, undefined, cause);
}

/** The error of a request that node would not start; the server knows nothing of it. */
export function requestFailure(error: unknown): ConnectError {
  const code = nodeCode(error);
  if (
    code === "ERR_HTTP2_GOAWAY_SESSION" ||
    code === "ERR_HTTP2_INVALID_SESSION" ||
    code === "ERR_HTTP2_OUT_OF_STREAMS"
  ) {
    return unprocessed("refused", "connection is closing", error);
  }
  return new ConnectError(
    "request headers are not valid for HTTP/2",
    Code.InvalidArgument,
    undefined,
    undefined,
    error,
  );
}
