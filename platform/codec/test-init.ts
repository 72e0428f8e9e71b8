// For *.test.ts only: random init shapes of any message type, the same ones on every run.

import type { Message } from "@bufbuild/protobuf";

import type { Random } from "./binary-random.js";

/**
 * An init shape that says what a message says, or less: messages stay messages or become plain objects, bytes stay bytes
 * or become lists of numbers, members are left out, undefined or null, and some are there that the type doesn't have.
 */
export function randomInit(message: Message, random: Random): object {
  const init = random(4) === 0 ? (Object.create(null) as object) : {};
  const { $typeName: _, ...members } = message;
  for (const [name, value] of Object.entries(members)) {
    if (random(8) > 0) set(init, name, initOf(value, random));
    else if (random(2) > 0) set(init, name, random(2) > 0 ? undefined : null);
  }
  if (random(4) === 0) set(init, "notAMember", {});
  if (random(8) === 0) set(init, "$unknown", [{ no: 100, wireType: 0, data: Uint8Array.of(1) }]);
  if (random(8) === 0) set(init, "$typeName", "another.Type");
  return init;
}

function initOf(value: unknown, random: Random): unknown {
  if (value instanceof Uint8Array) return random(2) === 0 ? [...value] : value;
  if (Array.isArray(value)) return listInit(value, random);
  if (typeof value !== "object" || value === null) return value;
  if ("$typeName" in value) return random(3) === 0 ? value : randomInit(value as Message, random);
  if ("case" in value) return oneofInit(value as Oneof, random);
  return mapInit(value, random);
}

interface Oneof {
  readonly case: string | undefined;
  readonly value?: unknown;
}

function listInit(list: readonly unknown[], random: Random): unknown[] {
  const init = list.map((item) => initOf(item, random));
  if (random(10) === 0) init.push(undefined, null, [{}], "text");
  // A hole.
  if (random(10) === 0) init.length += 1;
  return init;
}

function oneofInit(oneof: Oneof, random: Random): object {
  const { case: name } = oneof;
  if (name === undefined || random(10) === 0) return random(2) === 0 ? { case: "notAField", value: 1 } : {};
  return { case: name, value: random(10) === 0 ? undefined : initOf(oneof.value, random), other: 1 };
}

/** Also of a Struct, whose members may be anything. */
function mapInit(map: object, random: Random): object {
  const init = random(4) === 0 ? (Object.create(null) as object) : {};
  for (const [key, value] of Object.entries(map)) set(init, key, initOf(value, random));
  if (random(10) === 0) set(init, "nothing", random(2) === 0 ? undefined : null);
  return init;
}

/** Sets an own member, also under the name `__proto__`. */
function set(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}
