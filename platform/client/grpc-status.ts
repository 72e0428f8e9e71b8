import { fromBinary } from "@bufbuild/protobuf";
import type { IncomingHttpHeaders } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { StatusSchema, type Status } from "../../gen/ts/google/rpc/status_pb.js";

// The values of a numeric enum are its numbers and, for the reverse mapping, its names.
const codes = new Map(
  Object.values(Code)
    .filter((code) => typeof code === "number")
    .map((code) => [String(code), code]),
);

/**
 * The error that a gRPC status says; undefined for `grpc-status: 0`. Details come from `grpc-status-details-bin`; code and
 * message from the plain fields, which win where the two differ.
 *
 * Source: gRPC PROTOCOL-HTTP2, "Responses".
 */
export function statusError(fields: IncomingHttpHeaders, metadata: () => Headers): ConnectError | undefined {
  const status = single(fields["grpc-status"]);
  if (status === "0") return undefined;
  const code = codes.get(status);
  if (code === undefined) {
    return new ConnectError(`invalid grpc-status ${JSON.stringify(status)}`, Code.Unknown, metadata());
  }
  const failure = new ConnectError(decodeMessage(single(fields["grpc-message"])), code, metadata());
  const details = decodeStatus(single(fields["grpc-status-details-bin"]));
  if (details !== undefined) {
    failure.details = details.details.map((any) => ({
      type: any.typeUrl.slice(any.typeUrl.lastIndexOf("/") + 1),
      value: any.value,
    }));
  }
  return failure;
}

function single(field: string | string[] | undefined): string {
  return typeof field === "string" ? field : (field?.[0] ?? "");
}

/** Undoes percent-encoding. What is not valid stays as it is, for the specification forbids to fail on it. */
function decodeMessage(text: string): string {
  if (!text.includes("%")) return text;
  const bytes = Buffer.alloc(text.length * 2);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const hex = text[i] === "%" ? text.slice(i + 1, i + 3) : "";
    if (/^[0-9A-Fa-f]{2}$/.test(hex)) {
      length = bytes.writeUInt8(Number.parseInt(hex, 16), length);
      i += 2;
    } else {
      // One Latin-1 character, at most two bytes of UTF-8.
      length += bytes.write(text[i] ?? "", length);
    }
  }
  return bytes.toString("utf8", 0, length);
}

function decodeStatus(base64: string): Status | undefined {
  if (base64 === "") return undefined;
  try {
    return fromBinary(StatusSchema, Buffer.from(base64, "base64"));
  } catch {
    // The call has failed already; details that can't be read don't make it worse.
    return undefined;
  }
}
