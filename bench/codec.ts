// What a message costs to build from an init shape, to encode and to decode: protobuf-es, protobufjs (its generated
// functions) and ours.
// Build, then run `node dist/bench/codec.js` in the root of the repository.

import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

import {
  create,
  equals,
  fromBinary,
  toBinary,
  type DescMessage,
  type Message,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import protobufjs from "protobufjs";

import { ListRecordsResponseSchema, RecordSchema } from "../gen/ts/perf/v1/perf_pb.js";
import { binaryCodec } from "../platform/codec/binary.js";
import { messageFrom } from "../platform/codec/message-from.js";

const ROUNDS = 31;
const ROUND_MS = 20;
const GRPC_FRAME_BYTES = 5;

/** As handlers return them. Distinct from one another, so that no string or number is always the same. */
function recordInit(i: number): MessageInitShape<typeof RecordSchema> {
  return {
    id: `rec_${String(1_000_000 + i)}`,
    name: `projects/alpha/records/${i}`,
    description: "A record of the benchmark: some text of usual length",
    owner: `user-${i % 17}@example.com`,
    version: 3 + i,
    sizeBytes: 123_456n + BigInt(i),
    archived: i % 2 === 0,
    createTime: timestampFromMs(1_760_000_000_000 + i * 1001),
    updateTime: timestampFromMs(1_770_000_000_000 + i * 1001),
    tags: ["prod", "eu-west-1", "billing"],
    etag: `W/"${(i * 2654435761) >>> 0}"`,
    priority: i % 5,
  };
}

interface Contestant {
  readonly name: string;
  readonly encode: () => Uint8Array;
  readonly decode: () => unknown;
}

function contestants(desc: DescMessage, message: Message, types: protobufjs.Root): Contestant[] {
  const bytes = Buffer.from(toBinary(desc, message));
  const codec = binaryCodec(desc);
  if (!equals(desc, codec.decode(bytes), message)) throw new Error(`${desc.typeName}: our message differs`);
  if (!codec.encode(message, 0).equals(bytes)) throw new Error(`${desc.typeName}: our bytes differ`);
  const type = types.lookupType(desc.typeName);
  const object = type.decode(bytes);
  return [
    {
      name: "protobuf-es",
      encode: () => toBinary(desc, message),
      decode: () => fromBinary(desc, bytes),
    },
    {
      name: "protobufjs",
      encode: () => type.encode(object).finish(),
      decode: () => type.decode(bytes),
    },
    {
      name: "ours",
      encode: () => codec.encode(message, GRPC_FRAME_BYTES),
      decode: () => codec.decode(bytes),
    },
  ];
}

/** Reads the contract with protobufjs's own parser, which leaves the options of others alone. */
function protobufjsTypes(): protobufjs.Root {
  const root = new protobufjs.Root();
  // Built into protobufjs.
  root.addJSON(protobufjs.common.get("google/protobuf/timestamp.proto")!.nested!);
  protobufjs.parse(readFileSync("test/proto/perf/v1/perf.proto", "utf8"), root);
  root.resolveAll();
  return root;
}

/** Medians over many short rounds in turn, so that a busy moment of the machine hits all alike. In ns. */
function medians(functions: (() => unknown)[]): number[] {
  const samples = functions.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    functions.forEach((run, i) => samples[i]!.push(nanoseconds(run)));
  }
  // The first rounds compile.
  return samples.map((of) => of.slice(5).toSorted((a, b) => a - b)[Math.floor((ROUNDS - 5) / 2)]!);
}

// Kept, so that the work can't be optimized away.
let result: unknown;

function nanoseconds(run: () => unknown): number {
  const start = performance.now();
  let calls = 0;
  let elapsed = 0;
  // Ends after ROUND_MS.
  while ((elapsed = performance.now() - start) < ROUND_MS) {
    for (let i = 0; i < 20; i++) result = run();
    calls += 20;
  }
  return (elapsed * 1e6) / calls;
}

function report(title: string, functions: { name: string; run: () => unknown }[]): void {
  const times = medians(functions.map(({ run }) => run));
  console.log(title);
  functions.forEach(({ name }, i) => {
    const ratio = (times[0]! / times[i]!).toFixed(2);
    console.log(`  ${name.padEnd(12)} ${times[i]!.toFixed(0).padStart(8)} ns   x ${ratio}`);
  });
}

const types = protobufjsTypes();
const listInit: MessageInitShape<typeof ListRecordsResponseSchema> = {
  records: Array.from({ length: 100 }, (_, i) => recordInit(i)),
  nextPageToken: "next",
};
const cases: [name: string, desc: DescMessage, init: MessageInitShape<DescMessage>][] = [
  ["Record", RecordSchema, recordInit(7)],
  ["ListRecordsResponse (100)", ListRecordsResponseSchema, listInit],
];
for (const [name, desc, init] of cases) {
  const message = create(desc, init);
  const build = messageFrom(desc);
  if (!equals(desc, build(init), message)) throw new Error(`${desc.typeName}: our message differs`);
  report(`${name}: build`, [
    { name: "protobuf-es", run: () => create(desc, init) },
    { name: "ours", run: () => build(init) },
  ]);
  const all = contestants(desc, message, types);
  report(
    `${name}: encode`,
    all.map(({ name, encode }) => ({ name, run: encode })),
  );
  report(
    `${name}: decode`,
    all.map(({ name, decode }) => ({ name, run: decode })),
  );
}
if (result === undefined) throw new Error("nothing was measured");
