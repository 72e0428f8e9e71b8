import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ListRecordsResponseSchema, RecordSchema } from "../../gen/ts/perf/v1/perf_pb.js";
import { listSize } from "./wire.js";

/** A record as a store would return it. Every server turns a row into its answer anew for each request. */
export interface Row {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly owner: string;
  readonly version: number;
  readonly sizeBytes: number;
  readonly archived: boolean;
  readonly createMs: number;
  readonly updateMs: number;
  readonly tags: string[];
  readonly etag: string;
  readonly priority: number;
}

/** All records, in the order of ListRecords. */
export const rows: readonly Row[] = Array.from({ length: listSize }, (_, i) => ({
  id: `rec-${String(i).padStart(6, "0")}`,
  name: `Record number ${i}`,
  description: "A small record used for benchmarks, plain text",
  owner: "team-payments",
  version: 3 + i,
  sizeBytes: 1_048_576 + i,
  archived: true,
  createMs: 1_760_000_000_000 + i * 86_400_123,
  updateMs: 1_763_000_000_000 + i * 3_600_456,
  tags: ["alpha", "eu-west", "tier-1"],
  etag: `W/"${((i * 2_654_435_761) >>> 0).toString(16)}"`,
  priority: 5,
}));

export const rowsById: ReadonlyMap<string, Row> = new Map(rows.map((row) => [row.id, row]));

/** Token of the page after the only one: so that the field is on the wire. */
export const nextPageToken = "next-100";

/** The row as a handler on protobuf-es returns it. */
export function recordInit(row: Row): MessageInitShape<typeof RecordSchema> {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    owner: row.owner,
    version: row.version,
    sizeBytes: BigInt(row.sizeBytes),
    archived: row.archived,
    createTime: timestampFromMs(row.createMs),
    updateTime: timestampFromMs(row.updateMs),
    tags: row.tags,
    etag: row.etag,
    priority: row.priority,
  };
}

export function listInit(pageSize: number): MessageInitShape<typeof ListRecordsResponseSchema> {
  return { records: rows.slice(0, pageSize).map(recordInit), nextPageToken };
}

/** The row as protobufjs encodes it: plain numbers for 64-bit integers. */
export function recordPlain(row: Row): object {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    owner: row.owner,
    version: row.version,
    sizeBytes: row.sizeBytes,
    archived: row.archived,
    createTime: timestampPlain(row.createMs),
    updateTime: timestampPlain(row.updateMs),
    tags: row.tags,
    etag: row.etag,
    priority: row.priority,
  };
}

export function listPlain(pageSize: number): object {
  return { records: rows.slice(0, pageSize).map(recordPlain), nextPageToken };
}

/** The row as a REST route written by hand returns it, in the JSON form of the contract. */
export function recordJson(row: Row): object {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    owner: row.owner,
    version: row.version,
    sizeBytes: String(row.sizeBytes),
    archived: row.archived,
    createTime: new Date(row.createMs).toISOString(),
    updateTime: new Date(row.updateMs).toISOString(),
    tags: row.tags,
    etag: row.etag,
    priority: row.priority,
  };
}

export function listJson(pageSize: number): object {
  return { records: rows.slice(0, pageSize).map(recordJson), nextPageToken };
}

function timestampPlain(ms: number): { seconds: number; nanos: number } {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}
