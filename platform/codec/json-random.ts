// For *.test.ts only: random messages that JSON can say, the same ones on every run.
import { create, ScalarType, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage, type ScalarValue } from "@bufbuild/protobuf/reflect";
import { anyPack, EmptySchema, TimestampSchema, timestampFromMs } from "@bufbuild/protobuf/wkt";

/** A number from 0 up to, but not including, `below`. */
export type Random = (below: number) => number;

/** Marsaglia's xorshift with 32 bits. */
export function seededRandom(seed: number): Random {
  let state = seed || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** One of the values. */
export function pick<T>(random: Random, values: readonly T[]): T {
  // A cast: the index is within the list, which is never empty here.
  return values[random(values.length)] as T;
}

/** A message whose fields are set at random, and whose well-known types are in range. */
export function randomMessage(desc: DescMessage, random: Random, depth = 0): Message {
  const special = randomWellKnown(desc, random, depth);
  if (special !== undefined) return special;
  const message = reflect(desc);
  for (const field of desc.fields) {
    if (random(3) === 0 && (depth < 4 || field.message === undefined))
      setField(message, field, random, depth);
  }
  return message.message;
}

function setField(message: ReflectMessage, field: DescField, random: Random, depth: number): void {
  if (field.fieldKind === "list") {
    for (let i = random(4); i > 0; i--) message.get(field).add(element(field, random, depth));
  } else if (field.fieldKind === "map") {
    for (let i = random(4); i > 0; i--) {
      message.get(field).set(randomScalar(field.mapKey, random), element(field, random, depth));
    }
  } else {
    message.set(field, element(field, random, depth));
  }
}

function element(field: DescField, random: Random, depth: number): ScalarValue | ReflectMessage {
  if (field.message !== undefined)
    return reflect(field.message, randomMessage(field.message, random, depth + 1));
  if (field.enum === undefined) return randomScalar(field.scalar, random);
  return field.enum.open && field.enum.typeName !== "google.protobuf.NullValue" && random(5) === 0
    ? 77
    : pick(random, field.enum.values).number;
}

const strings = ["", "a", "plain text", 'q"uo\\te', "line\nbreak", "\u0000", "é", "日本", "👍🏽", "__proto__", "constructor", "toJSON", "1", "x".repeat(300)]; // prettier-ignore
const doubles = [0, -0, 1, -1.5, 0.1, 1e21, 5e-324, 1.7976931348623157e308, NaN, Infinity, -Infinity];
const floats = [0, -0, 1, -1.5, 0.5, NaN, Infinity, -Infinity, 3.4028234663852886e38];

function randomScalar(type: ScalarType, random: Random): ScalarValue {
  switch (type) {
    case ScalarType.STRING:
      return pick(random, strings);
    case ScalarType.BYTES:
      return Uint8Array.from({ length: random(20) }, () => random(256));
    case ScalarType.BOOL:
      return random(2) === 1;
    case ScalarType.DOUBLE:
      return pick(random, doubles);
    case ScalarType.FLOAT:
      return pick(random, floats);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return pick(random, [0, 1, -1, 2147483647, -2147483648]);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return pick(random, [0, 1, 4294967295]);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return pick(random, [0n, 1n, -1n, 9007199254740993n, 2n ** 63n - 1n, -(2n ** 63n)]);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return pick(random, [0n, 1n, 9007199254740993n, 2n ** 64n - 1n]);
  }
}

function randomWellKnown(desc: DescMessage, random: Random, depth: number): Message | undefined {
  // A cast: which properties the type has is known case by case.
  const set = (init: object) => create(desc, init as { [name: string]: unknown });
  switch (desc.typeName) {
    case "google.protobuf.Timestamp":
      return set({
        seconds: pick(random, [0n, -62135596800n, 253402300799n, 951782400n, -1n, 1709164800n]),
        nanos: randomNanos(random),
      });
    case "google.protobuf.Duration": {
      const sign = random(2) === 0 ? 1 : -1;
      const seconds = pick(random, [0n, 1n, 315575999999n]) * BigInt(sign);
      return set({ seconds, nanos: sign * randomNanos(random) + 0 });
    }
    case "google.protobuf.FieldMask":
      return set({
        paths: Array.from({ length: random(3) }, () => pick(random, ["a", "other_name", "sub.sub_name"])),
      });
    case "google.protobuf.Any":
      return randomAny(random);
    case "google.protobuf.Struct":
      return set({
        fields: Object.fromEntries(
          Array.from({ length: random(3) }, (_, i) => [
            `${pick(random, strings)}${i}`,
            randomValue(random, depth),
          ]),
        ),
      });
    case "google.protobuf.ListValue":
      return set({ values: Array.from({ length: random(3) }, () => randomValue(random, depth)) });
    case "google.protobuf.Value":
      return set(randomValue(random, depth));
    default:
      return undefined;
  }
}

function randomNanos(random: Random): number {
  return pick(random, [0, 1, 999_999_999, 120_000_000, 120_000, 1000]);
}

function randomAny(random: Random): Message {
  return pick(random, [
    () => anyPack(TimestampSchema, timestampFromMs(1000)),
    () => anyPack(EmptySchema, create(EmptySchema)),
  ])();
}

type ValueInit = { $typeName: "google.protobuf.Value"; kind: { case: string; value: unknown } };

function randomValue(random: Random, depth: number): ValueInit {
  const kind = pick(random, [
    () => ({ case: "nullValue", value: 0 }),
    () => ({ case: "numberValue", value: pick(random, [0, -0, 1.5, 1e300]) }),
    () => ({ case: "stringValue", value: pick(random, strings) }),
    () => ({ case: "boolValue", value: random(2) === 0 }),
    () => ({ case: "listValue", value: list() }),
    () => ({ case: "structValue", value: struct() }),
  ]);
  const inner = () =>
    depth > 4 ? [] : Array.from({ length: random(3) }, () => randomValue(random, depth + 1));
  const list = () => ({ $typeName: "google.protobuf.ListValue", values: inner() });
  const struct = () => ({
    $typeName: "google.protobuf.Struct",
    fields: Object.fromEntries(inner().map((value, i) => [`${pick(random, strings)}${i}`, value])),
  });
  return { $typeName: "google.protobuf.Value", kind: kind() };
}
