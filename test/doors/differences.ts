// Where the protocols put the parts of an answer: what differs between doors because their specifications say so.
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { ReqSchema } from "../../gen/ts/lab/v1/lab_pb.js";
import { sendHttp1, sendHttp2, type RawAnswer, type RawRequest } from "../http.js";

/** Where one door puts the parts of a failure. */
export interface DoorRow {
  readonly door: string;
  readonly status: number;
  readonly "content type": string;
  readonly code: string;
  readonly details: string;
  /** A header that the handler has set. */
  readonly header: string;
  /** A trailer that the handler has set. */
  readonly trailer: string;
  /** Metadata of the error. */
  readonly metadata: string;
}

/** Calls lab.v1.Lab/Fail with the code NOT_FOUND on every door, by hand, and looks where everything is. */
export async function whereDoorsPutThings(
  { internalUrl, publicUrl }: { readonly internalUrl: string; readonly publicUrl: string },
  credentials: Readonly<Record<string, string>>,
): Promise<DoorRow[]> {
  const message = create(ReqSchema, { i32: 5, name: "nothing here" });
  const binary = Buffer.from(toBinary(ReqSchema, message));
  const json = toJsonString(ReqSchema, message);
  const framed = Buffer.concat([Buffer.from([0, 0, 0, 0, binary.length]), binary]);
  const rpc = (type: string, body: string | Buffer): RawRequest => ({
    path: "/lab.v1.Lab/Fail",
    headers: { ...credentials, "content-type": type, te: "trailers" },
    body,
  });
  const query = `connect=v1&encoding=json&message=${encodeURIComponent(json)}`;
  const get = { method: "GET", path: `/lab.v1.Lab/Fail?${query}`, headers: credentials };
  const rest = { method: "GET", path: "/v1/fail/5?name=nothing+here", headers: credentials };
  return [
    rowOf("gRPC", await sendHttp2(internalUrl, rpc("application/grpc", framed))),
    rowOf("gRPC-Web", await sendHttp1(internalUrl, rpc("application/grpc-web", framed))),
    rowOf("Connect JSON", await sendHttp1(internalUrl, rpc("application/json", json))),
    rowOf("Connect binary", await sendHttp2(internalUrl, rpc("application/proto", binary))),
    rowOf("Connect GET", await sendHttp1(internalUrl, get)),
    rowOf("REST", await sendHttp1(publicUrl, rest)),
  ];
}

function rowOf(door: string, answer: RawAnswer): DoorRow {
  const inBody = answer.body.includes('"code":');
  return {
    door,
    status: answer.status,
    "content type": String(answer.headers["content-type"]),
    code: inBody ? "body" : place(answer, "grpc-status"),
    details: inBody ? "body" : place(answer, "grpc-status-details-bin"),
    header: place(answer, "x-echo"),
    trailer: place(answer, "x-done"),
    metadata: place(answer, "x-failure"),
  };
}

function place({ headers, trailers, body }: RawAnswer, name: string): string {
  if (trailers[name] !== undefined) return "trailer";
  if (headers[`trailer-${name}`] !== undefined) return "header trailer-*";
  if (headers[name] !== undefined) return "header";
  return body.includes(name) ? "body, last frame" : "nowhere";
}

/** Rows as a text with columns, under their names. */
export function tableOf(rows: readonly DoorRow[]): string {
  const names = Object.keys(rows[0] ?? {}) as (keyof DoorRow)[];
  const lines = [names, ...rows.map((row) => names.map((name) => String(row[name])))];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
