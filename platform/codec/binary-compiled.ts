import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";

import type { Reader } from "./binary-reader.js";
import { isJsonObjectField, jsonToStruct, structToJson } from "./binary-struct.js";
import type { Writer } from "./binary-writer.js";

/** The compiled functions of one message type. `read` and `write` may refuse (binary-refusal.ts). */
export interface CompiledMessage {
  /** Makes what `create(desc)` makes. */
  Message: new () => Message;
  /** Makes what `create(desc, init)` makes of an init shape that is no message of the type itself. */
  from(init: object): Message;
  /** Reads fields up to `end` into a message. `depth` counts messages from 1, the outermost. */
  read(r: Reader, message: Message, end: number, depth: number): void;
  write(w: Writer, message: Message): void;
}

/** Values that generated source refers to, each under an identifier of its own. */
export interface Scope {
  /** The identifier of a value: `hint`, which must be an identifier itself, with a number. */
  bind(hint: string, value: unknown): string;
  /** The identifier of the compiled form of another message type. */
  message(desc: DescMessage): string;
}

/** Source of `message.field`: names are quoted, whatever characters they have. */
export function member(owner: string, name: string): string {
  return `${owner}[${JSON.stringify(name)}]`;
}

/** How values of a message field are kept: as messages, or for some well-known types as something simpler. */
export interface LocalForm {
  /** Source of the kept value, made from source of a message. */
  readonly toLocal: (message: string) => string;
  /** Source of a message, made from source of the kept value. */
  readonly toMessage: (local: string) => string;
}

/** The local form of a message field, list or map, as protobuf-es defines it. */
export function localForm(scope: Scope, field: DescField & { message: DescMessage }): LocalForm {
  if (isJsonObjectField(field)) {
    return {
      toLocal: (message) => `${scope.bind("structToJson", structToJson)}(${message})`,
      toMessage: (local) => `${scope.bind("jsonToStruct", jsonToStruct)}(${local})`,
    };
  }
  // Wrapper messages are kept as their value, but only in singular fields outside of oneofs.
  if (field.fieldKind === "message" && field.oneof === undefined && isWrapperDesc(field.message)) {
    const box = scope.bind("box", boxWrapper);
    return {
      toLocal: (message) => `${message}.value`,
      toMessage: (local) => `${box}(${scope.message(field.message)}, ${local})`,
    };
  }
  return { toLocal: (message) => message, toMessage: (local) => local };
}

function boxWrapper(wrapper: CompiledMessage, value: unknown): Message {
  return Object.assign(new wrapper.Message(), { value });
}
