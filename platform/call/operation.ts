import type { Message } from "@bufbuild/protobuf";
import type { BinaryCodec } from "../codec/codec.js";
import type { JsonReader, JsonWriter } from "../codec/json.js";
import type { MethodPlan } from "../contract/plan.js";
import type { AnyHandler } from "../contract/service.js";
import type { Call } from "./call.js";

/** What runs before the body is read: trace, authenticate, limit, authorize by permission. Throws to refuse the call. */
export type HeaderStep = (call: Call) => void | Promise<void>;

/** What runs on the decoded request: validate, authorize on the resource. Throws to refuse the call. */
export type MessageStep = (call: Call, message: Message) => void | Promise<void>;

/** A method made ready to serve: its plan, its steps in order, its codecs, its handler. Compiled at start-up. */
export interface Operation {
  readonly plan: MethodPlan;
  readonly headerSteps: readonly HeaderStep[];
  readonly messageSteps: readonly MessageStep[];
  readonly handler: AnyHandler;
  readonly input: BinaryCodec;
  readonly output: BinaryCodec;
  readonly inputJson: JsonReader;
  readonly outputJson: JsonWriter;
  /** What a handler returned as a whole message: fields that it left out get their defaults. */
  readonly toResponse: (returned: unknown) => Message;
  /** Largest request message in bytes, after decompression. */
  readonly requestBytesMax: number;
  /** Largest response message in bytes, before compression. */
  readonly responseBytesMax: number;
}
