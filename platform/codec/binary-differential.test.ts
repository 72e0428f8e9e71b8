import { isDeepStrictEqual } from "node:util";

import { fromBinary, toBinary, type DescMessage, type Message } from "@bufbuild/protobuf";
import { describe, expect, test } from "@jest/globals";

import { binaryCodec } from "./binary.js";
import { compileMessage } from "./binary-compile.js";
import { allFields, delimitedField } from "./binary-lab.js";
import { randomMessage, seeded, type Random } from "./binary-random.js";
import { newReader } from "./binary-reader.js";
import { newWriter, written } from "./binary-writer.js";
import { generatedMessages } from "./test-generated.js";

const ROUNDS = 15;
const MUTATIONS = 8;

const generated = await generatedMessages();
const lab = (["proto2", "proto3", "editions"] as const).map((syntax) => allFields(syntax));
const all = [...generated, ...lab, delimitedField()].map((desc, i) => ({
  name: `${desc.file.name}: ${desc.typeName}`,
  desc,
  seed: i + 1,
}));

/** What a decoder makes of bytes: a message, or that it throws. */
function outcome(decode: () => unknown): unknown {
  try {
    return decode();
  } catch {
    return "throws";
  }
}

function mutated(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const at = random(bytes.length + 1);
  switch (random(5)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return bytes.map((byte, i) => (i === at ? byte ^ (1 << random(8)) : byte));
    case 2:
      return Uint8Array.from([...bytes.slice(0, at), random(256), ...bytes.slice(at)]);
    case 3:
      return Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + 1)]);
    default:
      // Two messages in a row are one, merged.
      return Uint8Array.from([...bytes, ...other]);
  }
}

test("the generated messages are found", () => {
  expect(generated.length).toBeGreaterThan(100);
});

describe("agrees with protobuf-es", () => {
  test.each(all)("on messages of $name", ({ desc, seed }) => {
    const random = seeded(seed);
    const codec = binaryCodec(desc);
    for (let round = 0; round < ROUNDS; round++) {
      const message = randomMessage(desc, random);
      const bytes = toBinary(desc, message);
      expect(codec.encode(message, 0).equals(bytes)).toBe(true);
      const decoded = codec.decode(Buffer.from(bytes));
      if (!isDeepStrictEqual(decoded, fromBinary(desc, bytes)))
        expect(decoded).toEqual(fromBinary(desc, bytes));
      expect(codec.encode(decoded, 0).equals(toBinary(desc, decoded))).toBe(true);
    }
  });

  test.each(all)("on broken and merged bytes of $name", ({ desc, seed }) => {
    const random = seeded(seed);
    const codec = binaryCodec(desc);
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = toBinary(desc, randomMessage(desc, random));
      const other = toBinary(desc, randomMessage(desc, random));
      for (let i = 0; i < MUTATIONS; i++) {
        const input = mutated(bytes, other, random);
        const ours = outcome(() => codec.decode(input));
        const theirs = outcome(() => fromBinary(desc, input));
        if (!isDeepStrictEqual(ours, theirs)) {
          throw new Error(
            `${Buffer.from(input).toString("hex")}: ours ${String(ours)}, theirs ${String(theirs)}`,
          );
        }
      }
    }
  });
});

/** Whether the compiled functions alone write and read a message. */
function isCompiled(desc: DescMessage, message: Message): boolean {
  const compiled = compileMessage(desc);
  if (compiled === undefined) return false;
  const w = newWriter();
  compiled.write(w, message);
  compiled.read(newReader(written(w)), new compiled.Message(), w.pos, 1);
  return true;
}

test("everything but groups takes the compiled road", () => {
  const others = all.filter(({ desc, seed }) => !isCompiled(desc, randomMessage(desc, seeded(seed))));
  expect(others.map(({ desc }) => desc.typeName)).toEqual(["lab.Delimited"]);
});
