// For *.test.ts only: random messages of any type, the same ones on every run.

import { ScalarType, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage, type ScalarValue } from "@bufbuild/protobuf/reflect";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";

/** A number from 0 up to, but not including, `below`. */
export type Random = (below: number) => number;

/** The generator mulberry32: small, fast, and good enough to reach odd values. */
export function seeded(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const DEPTH_MAX = 3;

/** A valid message, built by the reflection of protobuf-es. */
export function randomMessage(desc: DescMessage, random: Random): Message {
  return fill(desc, random, 1).message;
}

function fill(desc: DescMessage, random: Random, depth: number): ReflectMessage {
  const message = reflect(desc);
  // Six fields on average, but all fields of large types now and then, and unset ones in small types.
  const chance = Math.max(0.15, Math.min(0.7, 6 / desc.fields.length));
  for (const field of desc.fields) {
    const required = field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED;
    if ((required || random(1000) < chance * 1000) && (depth < DEPTH_MAX || field.message === undefined)) {
      fillField(message, field, random, depth);
    }
  }
  return message;
}

function fillField(message: ReflectMessage, field: DescField, random: Random, depth: number): void {
  if (field.fieldKind === "list") {
    const list = message.get(field);
    for (let n = random(4); n > 0; n--) list.add(single(field, random, depth));
  } else if (field.fieldKind === "map") {
    const map = message.get(field);
    for (let n = random(4); n > 0; n--) map.set(scalar(field.mapKey, random), single(field, random, depth));
  } else {
    message.set(field, single(field, random, depth));
  }
}

function single(field: DescField, random: Random, depth: number): ReflectMessage | ScalarValue {
  if (field.message !== undefined) return fill(field.message, random, depth + 1);
  if (field.enum !== undefined) return pick(field.enum.values, random).number;
  return scalar(field.scalar, random);
}

function pick<T>(values: readonly T[], random: Random): T {
  // Within bounds, as no list here is empty.
  return values[random(values.length)] as T;
}

// prettier-ignore
const texts = ["", "a", "__proto__", "constructor", "é", "日本語", "👩‍🚀", "\ufeffbom", "\ufffd", "\0", "x".repeat(23), "x".repeat(24), "ü".repeat(24), "y".repeat(127), "z".repeat(128), "é".repeat(100), "w".repeat(300)];
const signed = [
  0, 1, -1, 127, 128, -128, 16383, 16384, 2097151, 2097152, 268435455, 268435456, 2147483647, -2147483648,
];
const unsigned = [0, 1, 127, 128, 16383, 16384, 2097152, 268435456, 2147483648, 4294967295];
const floats = [0, -0, 1, -1.5, 3.25, Infinity, -Infinity, NaN, 2 ** -149, 2 ** 127];
const doubles = [...floats, 0.1, Number.MAX_VALUE, Number.MIN_VALUE];

/** A power of two, or one less, of either sign if asked for: where varints change their length. */
function long(random: Random, bits: number, negative: boolean): bigint {
  const value = (1n << BigInt(random(bits))) - BigInt(random(2));
  return negative && random(2) === 0 ? -value - BigInt(random(2)) : value;
}

function scalar(type: ScalarType, random: Random): ScalarValue {
  switch (type) {
    case ScalarType.STRING:
      return pick(texts, random);
    case ScalarType.BOOL:
      return random(2) === 1;
    case ScalarType.BYTES:
      return Uint8Array.from({ length: pick([0, 1, 31, 32, 33, 200], random) }, () => random(256));
    case ScalarType.DOUBLE:
      return pick(doubles, random);
    case ScalarType.FLOAT:
      return pick(floats, random);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return pick(signed, random);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return pick(unsigned, random);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return long(random, 64, true) % (1n << 63n);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return long(random, 65, false) % (1n << 64n);
  }
}
