import { create, protoInt64, type DescMessage } from "@bufbuild/protobuf";

import { member, type CompiledMessage, type Scope } from "./binary-compiled.js";
import { decoderSource } from "./binary-decoder.js";
import { encoderSource } from "./binary-encoder.js";
import { refuse } from "./binary-refusal.js";
import { initializerSource } from "./message-initializer.js";

const compiled = new WeakMap<DescMessage, CompiledMessage>();

/**
 * Compiles a message type and those it refers to, once each. Undefined where that isn't possible: source may not be
 * evaluated in this process, or one of the types has something that the compiler doesn't cover.
 */
export function compileMessage(desc: DescMessage): CompiledMessage | undefined {
  return mayEvaluate() && isCovered(desc) ? compile(desc) : undefined;
}

function mayEvaluate(): boolean {
  try {
    evaluate([], "");
    return true;
  } catch {
    return false;
  }
}

/** Whether a message type and all that it refers to are free of what the compiler leaves to protobuf-es. */
function isCovered(desc: DescMessage): boolean {
  // BUF_BIGINT_DISABLE makes 64-bit integers strings everywhere.
  if (!protoInt64.supported) return false;
  const reached = new Set([desc]);
  // Ends when every message type of the descriptor set is reached.
  for (const { fields } of reached) {
    for (const field of fields) {
      // Groups are a thing of proto2. A name that every object has can't be told from a field that is set.
      if ("delimitedEncoding" in field && field.delimitedEncoding) return false;
      if (field.localName in Object.prototype) return false;
      if (field.message !== undefined) reached.add(field.message);
    }
  }
  return true;
}

function compile(desc: DescMessage): CompiledMessage {
  const existing = compiled.get(desc);
  if (existing !== undefined) return existing;
  // Registered before it is complete, for message types that refer to themselves.
  const message: CompiledMessage = {
    Message: Unfinished,
    from: unfinished,
    read: unfinished,
    write: unfinished,
  };
  compiled.set(desc, message);

  const template = create(desc);
  // Always an object: that of every object, or the one with a type's default values.
  const prototype = Object.getPrototypeOf(template) as object;
  const { scope, values } = newScope();
  const source = `"use strict";
  ${constructorSource(template, scope)}
  ${initializerSource(desc, scope)}
  ${decoderSource(desc, scope)}
  ${encoderSource(desc, prototype, scope)}
  return { Message, from, read, write };`;
  // The source above returns exactly this.
  const functions = evaluate([...values.keys()], source)(...values.values()) as CompiledMessage;
  functions.Message.prototype = prototype;
  return Object.assign(message, functions);
}

const unfinished = () => refuse("its type is not compiled yet");
const Unfinished = Object as unknown as CompiledMessage["Message"];

function newScope(): { scope: Scope; values: Map<string, unknown> } {
  const values = new Map<string, unknown>();
  const names = new Map<unknown, string>();
  const bind = (hint: string, value: unknown) => {
    const existing = names.get(value);
    if (existing !== undefined) return existing;
    const name = `${hint}${names.size}`;
    names.set(value, name);
    values.set(name, value);
    return name;
  };
  return { scope: { bind, message: (desc) => bind("type", compile(desc)) }, values };
}

/**
 * Source of a constructor that repeats what `create` made. A constructor and not a literal: its objects have room for
 * the fields that are set later.
 */
function constructorSource(template: object, scope: Scope): string {
  const assignments = Object.entries(template).map(
    ([name, value]) => `${member("this", name)} = ${initialValue(scope, value)};`,
  );
  return `function Message() { ${assignments.join(" ")} }`;
}

function initialValue(scope: Scope, value: unknown): string {
  if (Array.isArray(value)) return "[]";
  // Empty, so that it can be shared.
  if (value instanceof Uint8Array) return scope.bind("empty", value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return "case" in value ? "{ case: undefined }" : "{}";
}

/**
 * The one place where source is evaluated. It is made of descriptors, which come with the program, and of these files;
 * names are quoted by JSON.stringify; no input of a caller is in it.
 */
function evaluate(parameters: string[], source: string): (...values: unknown[]) => unknown {
  // oxlint-disable-next-line no-new-func, no-implied-eval
  return new Function(...parameters, source) as (...values: unknown[]) => unknown;
}
