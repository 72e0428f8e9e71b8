import {
  createRegistry,
  fromJsonString,
  isMessage,
  toJson,
  toJsonString,
  type DescFile,
  type DescMessage,
  type Message,
} from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { describe, expect, test } from "@jest/globals";

import { file_connectrpc_conformance_v1_service } from "../../gen/ts/connectrpc/conformance/v1/service_pb.js";
import { file_connectrpc_conformance_v1_suite } from "../../gen/ts/connectrpc/conformance/v1/suite_pb.js";
import { file_controlplane_zones_v1_zones } from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import { file_google_rpc_error_details } from "../../gen/ts/google/rpc/error_details_pb.js";
import { file_lab_v1_lab, ReqSchema } from "../../gen/ts/lab/v1/lab_pb.js";
import { file_perf_v1_perf } from "../../gen/ts/perf/v1/perf_pb.js";

import { Violation } from "./json.js";
import { pick, randomMessage, seededRandom, type Random } from "./json-random.js";
import { jsonReader } from "./json-read.js";
import { jsonWriter } from "./json-write.js";

const files = [
  file_lab_v1_lab,
  file_perf_v1_perf,
  file_controlplane_zones_v1_zones,
  file_google_rpc_error_details,
  file_connectrpc_conformance_v1_service,
  file_connectrpc_conformance_v1_suite,
];
const registry = createRegistry(...files.flatMap((file) => [file, ...file.dependencies]));
const types = files.flatMap(messagesOf).map((desc) => [desc.typeName, desc] as const);
const readOptions = { registry, unknownFields: "ignore", lenient: false } as const;

function messagesOf(file: DescFile): DescMessage[] {
  return [...nestedTypes(file)].filter((type) => type.kind === "message");
}

function randomMessages(desc: DescMessage, seed: number): Message[] {
  const random = seededRandom(seed);
  return Array.from({ length: desc === ReqSchema ? 300 : 30 }, () => randomMessage(desc, random));
}

describe("what protobuf-es writes is read as protobuf-es reads it", () => {
  test.each(types)("%s", (_, desc) => {
    const reader = jsonReader(desc, readOptions);
    for (const message of randomMessages(desc, 1)) {
      const text = toJsonString(desc, message, { registry });
      const ours = reader.read(Buffer.from(text));
      const theirs = fromJsonString(desc, text, { registry });
      expect(ours).toStrictEqual(theirs);
      expect(Object.getPrototypeOf(ours)).toBe(Object.getPrototypeOf(theirs));
    }
  });
});

describe("what is written means the same as what protobuf-es writes", () => {
  const styles = [
    { names: "json", emitImplicit: false },
    { names: "json", emitImplicit: true },
    { names: "proto", emitImplicit: false },
    { names: "proto", emitImplicit: true },
  ] as const;
  test.each(types)("%s", (_, desc) => {
    for (const { names, emitImplicit } of styles) {
      const writer = jsonWriter(desc, { registry, names, emitImplicit, styled: false });
      const theirs = { registry, alwaysEmitImplicit: emitImplicit, useProtoFieldName: names === "proto" };
      for (const message of randomMessages(desc, 2)) {
        expect(JSON.parse(writer.write(message))).toStrictEqual(toJson(desc, message, theirs));
      }
    }
  });
});

test("keys are in field-number order", () => {
  const writer = jsonWriter(ReqSchema, { registry, names: "proto", emitImplicit: true, styled: false });
  const numbers = new Map(ReqSchema.fields.map(({ name, number }) => [name, number]));
  for (const message of randomMessages(ReqSchema, 3)) {
    const written = Object.keys(JSON.parse(writer.write(message)) as object).map(
      (key) => numbers.get(key) ?? 0,
    );
    expect(written).toStrictEqual(written.toSorted((a, b) => a - b));
  }
});

describe("mutated texts", () => {
  const reader = jsonReader(ReqSchema, readOptions);
  const pieces = ['"', "{", "}", "[", "]", ",", ":", "\\", "\\u", "\\ud800", "null", "true", "-", "0", "1e5", "1e999999999", ".5", '"__proto__":1,', '"sub":{', '"st":{', '"any":{', '"@type":"type.googleapis.com/lab.v1.Sub",', "\u0000", "\ufeff", "é", " ", "/**/"]; // prettier-ignore

  test("are read, as protobuf-es does, or refused with a violation", () => {
    const random = seededRandom(4);
    let accepted = 0;
    for (const message of randomMessages(ReqSchema, 5).slice(0, 100)) {
      const text = Buffer.from(toJsonString<DescMessage>(ReqSchema, message, { registry }));
      for (let i = 0; i < 40; i++) {
        const mutated = mutate(text, random);
        const ours = readOrViolation(mutated);
        if (ours instanceof Violation) continue;
        accepted++;
        const theirs = theirReading(mutated) ?? ours;
        expect(withoutTypeUrl(ours)).toStrictEqual(withoutTypeUrl(theirs));
      }
    }
    expect(accepted).toBeGreaterThan(0);
  });

  test("leave the prototype of objects alone", () => {
    expect(Object.keys(Object.prototype)).toStrictEqual([]);
    expect(({} as { [key: string]: unknown })["x"]).toBeUndefined();
  });

  function readOrViolation(text: Uint8Array): Message | Violation {
    try {
      return reader.read(text);
    } catch (error) {
      if (error instanceof Violation) return error;
      throw new Error(`not a violation, for ${Buffer.from(text).toString("base64")}`, { cause: error });
    }
  }

  /** We keep the URL of an Any as the client wrote it, protobuf-es writes its own. */
  function withoutTypeUrl(message: Message): Message {
    if (!isMessage(message, ReqSchema) || message.any === undefined) return message;
    const { any } = message;
    return { ...message, any: { ...any, typeUrl: "" } } as Message;
  }

  /** Undefined where protobuf-es refuses what is proto3 JSON, for example long integers that are not in quotes. */
  function theirReading(text: Buffer): Message | undefined {
    try {
      return fromJsonString(ReqSchema, text.toString(), { registry, ignoreUnknownFields: true });
    } catch {
      return undefined;
    }
  }

  function mutate(text: Buffer, random: Random): Buffer {
    let mutated = text;
    for (let n = random(3); n >= 0; n--) {
      const at = random(mutated.length + 1);
      const piece = random(4) === 0 ? Buffer.of(random(256)) : Buffer.from(pick(random, pieces));
      mutated = Buffer.concat([mutated.subarray(0, at), piece, mutated.subarray(at + random(6))]);
    }
    return mutated;
  }
});
