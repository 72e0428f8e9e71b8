// JSON of one message against protobuf-es: node dist/bench/json.js, after npm run build.
import {
  createRegistry,
  fromJsonString,
  toJsonString,
  type DescMessage,
  type Message,
} from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { create } from "@bufbuild/protobuf";

import {
  GetRecordRequestSchema,
  ListRecordsResponseSchema,
  RecordSchema,
} from "../gen/ts/perf/v1/perf_pb.js";
import { jsonReader } from "../platform/codec/json-read.js";
import { jsonWriter } from "../platform/codec/json-write.js";

const registry = createRegistry();
const readOptions = { registry, unknownFields: "ignore", lenient: false } as const;
const writeOptions = { registry, names: "json", emitImplicit: false, styled: false } as const;

const record = create(RecordSchema, {
  id: "rec_01HZX5T2Q8K3",
  name: "primary-eu-west",
  description: "The record that the benchmarks read again and again",
  owner: "team-platform",
  version: 7,
  sizeBytes: 1234567890n,
  archived: true,
  createTime: timestampFromMs(1_700_000_000_123),
  updateTime: timestampFromMs(1_710_000_000_456),
  tags: ["alpha", "beta", "gamma"],
  etag: "5f2d8c1e",
  priority: 3,
});
const unicode = create(RecordSchema, { ...record, description: "Überprüfung → the same, not in ASCII" });
const list = create(ListRecordsResponseSchema, {
  records: Array.from({ length: 100 }, () => record),
  nextPageToken: "x",
});

/** Nanoseconds of one run, from as many as fit the time. The clock is read once for 20 runs, as it takes 50 ns itself. */
function nanoseconds(run: () => unknown, sampleMs: number): number {
  const start = process.hrtime.bigint();
  const end = start + BigInt(sampleMs) * 1_000_000n;
  let runs = 0;
  let now = start;
  while (now < end) {
    for (let i = 0; i < 20; i++) run();
    runs += 20;
    now = process.hrtime.bigint();
  }
  return Number(now - start) / runs;
}

/** Prints the third best of 25 samples, which the noise of other processes doesn't reach, taken in turns. */
function compare(name: string, ours: () => unknown, theirs: () => unknown): void {
  const samples = { ours: [] as number[], theirs: [] as number[] };
  for (let i = 0; i < 25; i++) {
    samples.ours.push(nanoseconds(ours, 10));
    samples.theirs.push(nanoseconds(theirs, 10));
  }
  const a = samples.ours.toSorted((x, y) => x - y)[2] ?? NaN;
  const b = samples.theirs.toSorted((x, y) => x - y)[2] ?? NaN;
  console.log(
    `${name.padEnd(36)} ${a.toFixed(0).padStart(8)} ns ${b.toFixed(0).padStart(8)} ns   ${(b / a).toFixed(2)}x`,
  );
}

function compareBoth(name: string, desc: DescMessage, message: Message): void {
  const text = toJsonString(desc, message);
  const bytes = Buffer.from(text);
  const reader = jsonReader(desc, readOptions);
  const writer = jsonWriter(desc, writeOptions);
  compare(
    `read ${name}`,
    () => reader.read(bytes),
    () => fromJsonString(desc, bytes.toString(), { ignoreUnknownFields: true }),
  );
  compare(
    `write ${name}`,
    () => Buffer.from(writer.write(message)),
    () => Buffer.from(toJsonString(desc, message)),
  );
}

console.log(`${process.version}${" ".repeat(32)}        ours  protobuf-es`);
compareBoth(
  "GetRecordRequest",
  GetRecordRequestSchema,
  create(GetRecordRequestSchema, { id: "rec_01HZX5T2Q8K3" }),
);
compareBoth("Record", RecordSchema, record);
compareBoth("Record, not ASCII", RecordSchema, unicode);
compareBoth("ListRecordsResponse of 100", ListRecordsResponseSchema, list);
