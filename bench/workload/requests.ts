import {
  create,
  equals,
  fromBinary,
  fromJsonString,
  toBinary,
  toJsonString,
  type DescMessage,
  type MessageShape,
} from "@bufbuild/protobuf";
import {
  GetRecordRequestSchema,
  ListRecordsRequestSchema,
  ListRecordsResponseSchema,
  RecordSchema,
} from "../../gen/ts/perf/v1/perf_pb.js";
import { listInit, recordInit, rows, type Row } from "./records.js";
import { bearerToken, deadlineMs, listSize, rpcPaths, type Method, type Wire } from "./wire.js";

/** One request of the load, and what its answer has to be. */
export interface Variant {
  readonly httpMethod: "GET" | "POST";
  readonly path: string;
  /** Lower-case names; without host and content-length. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for GET. */
  readonly body: Buffer;
  /** Throws unless the body of an answer is the expected message. */
  check(body: Buffer): void;
}

/**
 * The requests of a method on a wire: as many as there are records, each with an id and a trace of its own, so that no
 * server can answer from a cache of one. All servers get the same bytes. Compression is not offered: it would measure zlib.
 */
export function variants(wire: Wire, method: Method): readonly Variant[] {
  return rows.map((row, i) => {
    const message = method === "GetRecord" ? getMessages(row) : listMessages();
    const headers = { ...headersByWire[wire], ...commonHeaders(i) };
    const check = (body: Buffer): void => message.check(wire, body);
    if (wire === "rest-h1") {
      const path = method === "GetRecord" ? `/v1/records/${row.id}` : `/v1/records?page_size=${listSize}`;
      return { httpMethod: "GET", path, headers, body: Buffer.alloc(0), check };
    }
    return { httpMethod: "POST", path: rpcPaths[method], headers, body: message.request(wire), check };
  });
}

/** What each client of the field sends, besides what belongs to its protocol. */
function commonHeaders(i: number): Record<string, string> {
  const number = (i + 1).toString(16);
  return {
    authorization: `Bearer ${bearerToken}`,
    traceparent: `00-${number.padStart(32, "4bf92f3577b34da6a3ce929d0e0e4736")}-${number.padStart(16, "a3ce929d0e0e4736")}-00`,
    "user-agent": "bench/1.0",
  };
}

const headersByWire = {
  "grpc-h2": {
    "content-type": "application/grpc",
    te: "trailers",
    "grpc-timeout": `${deadlineMs}m`,
  },
  "connect-json-h1": {
    "content-type": "application/json",
    "connect-protocol-version": "1",
    "connect-timeout-ms": String(deadlineMs),
  },
  "connect-proto-h2": {
    "content-type": "application/proto",
    "connect-protocol-version": "1",
    "connect-timeout-ms": String(deadlineMs),
  },
  "rest-h1": { accept: "application/json" },
} as const satisfies Record<Wire, Record<string, string>>;

interface Messages {
  request(wire: Wire): Buffer;
  check(wire: Wire, body: Buffer): void;
}

function getMessages(row: Row): Messages {
  return messages(
    GetRecordRequestSchema,
    create(GetRecordRequestSchema, { id: row.id }),
    RecordSchema,
    create(RecordSchema, recordInit(row)),
  );
}

function listMessages(): Messages {
  return messages(
    ListRecordsRequestSchema,
    create(ListRecordsRequestSchema, { pageSize: listSize }),
    ListRecordsResponseSchema,
    create(ListRecordsResponseSchema, listInit(listSize)),
  );
}

function messages<I extends DescMessage, O extends DescMessage>(
  input: I,
  request: MessageShape<I>,
  output: O,
  expected: MessageShape<O>,
): Messages {
  return {
    request: (wire) =>
      isJson(wire) ? Buffer.from(toJsonString(input, request)) : frame(wire, toBinary(input, request)),
    check(wire, body) {
      const actual = isJson(wire)
        ? fromJsonString(output, body.toString())
        : fromBinary(output, unframe(wire, body));
      if (!equals(output, actual, expected)) throw wrong(wire, body);
    },
  };
}

function isJson(wire: Wire): boolean {
  return wire === "connect-json-h1" || wire === "rest-h1";
}

/** Length-prefixed message of gRPC over HTTP/2: a flag byte, four bytes of length, the message. */
function frame(wire: Wire, message: Uint8Array): Buffer {
  if (wire !== "grpc-h2") return Buffer.from(message);
  const framed = Buffer.alloc(5 + message.length);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, 5);
  return framed;
}

function unframe(wire: Wire, body: Buffer): Buffer {
  if (wire !== "grpc-h2") return body;
  if (body.length < 5 || body[0] !== 0 || body.readUInt32BE(1) !== body.length - 5) throw wrong(wire, body);
  return body.subarray(5);
}

function wrong(wire: Wire, body: Buffer): Error {
  return new Error(`${wire}: not the expected message: ${body.toString("latin1", 0, 200)}`);
}
