import {
  create,
  fromBinary,
  toJson,
  type DescMessage,
  type JsonValue,
  type Message,
} from "@bufbuild/protobuf";
import { createRegistry } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { file_google_rpc_error_details } from "../../gen/ts/google/rpc/error_details_pb.js";
import { file_controlplane_zones_v1_zones } from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import { file_lab_v1_lab } from "../../gen/ts/lab/v1/lab_pb.js";

/** The types that messages and error details of the tested services hold. */
export const registry = createRegistry(
  file_controlplane_zones_v1_zones,
  file_lab_v1_lab,
  file_google_rpc_error_details,
);

/** What a caller gets to see of a call, whatever the door. Messages are in the JSON of protobuf-es, to be compared and read. */
export interface Outcome {
  /** "ok", or the code as Connect writes it: "not_found". */
  readonly code: string;
  /** The answer; all of them for a stream. Undefined for a failure. */
  readonly message?: JsonValue;
  readonly error?: string;
  readonly details?: readonly Detail[];
  /** Response headers that are not the protocol's own. Of a failure: headers and trailers together. */
  readonly headers: Readonly<Record<string, string>>;
  readonly trailers: Readonly<Record<string, string>>;
}

/** A detail of an error with its value. */
export interface Detail {
  readonly type: string;
  readonly value: JsonValue;
}

/** A message as JSON in which nothing is lost. */
export function messageJson(desc: DescMessage, message: Message): JsonValue {
  return toJson(desc, message, { registry });
}

/** The outcome of a call that succeeded. */
export function success(message: JsonValue | undefined, header: Headers, trailer: Headers): Outcome {
  return {
    code: "ok",
    ...(message !== undefined && { message }),
    headers: ownHeaders(header),
    trailers: ownHeaders(trailer),
  };
}

/** The outcome of a call that failed. */
export function failure(thrown: unknown): Outcome {
  const error = ConnectError.from(thrown);
  return {
    code: codeToString(error.code),
    error: error.rawMessage,
    details: error.details.map(detailOf),
    headers: ownHeaders(error.metadata),
    trailers: {},
  };
}

/** The machine-readable reason of a failure; undefined without ErrorInfo. */
export function reasonOf(outcome: Outcome): string | undefined {
  const info = outcome.details?.find(({ type }) => type === "google.rpc.ErrorInfo")?.value;
  // The JSON of a google.rpc.ErrorInfo.
  return (info as { reason?: string } | undefined)?.reason;
}

function detailOf(detail: ConnectError["details"][number]): Detail {
  if ("desc" in detail) {
    const { desc, value } = detail;
    return { type: desc.typeName, value: toJson(desc, create(desc, value), { registry }) };
  }
  const desc = registry.getMessage(detail.type);
  if (desc === undefined) throw new Error(`the detail ${detail.type} is of no known type`);
  return { type: detail.type, value: toJson(desc, fromBinary(desc, detail.value), { registry }) };
}

/** Headers whose names begin with x-, but for the request id, which a door may add. */
export function ownHeaders(headers: Iterable<[string, string]>): Record<string, string> {
  return Object.fromEntries(
    [...headers].filter(([name]) => name.startsWith("x-") && name !== "x-request-id"),
  );
}
