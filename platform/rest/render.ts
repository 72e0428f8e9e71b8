// Hot path: writes the answer of every REST call that succeeded.
import type { DescField, DescMessage, Message, Registry } from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation } from "@bufbuild/protobuf/wkt";
import { HttpBodySchema, type HttpBody } from "../../gen/ts/google/api/httpbody_pb.js";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import type { Call, HeaderRecord } from "../call/call.js";
import { fail } from "../call/errors.js";
import { binaryCodec } from "../codec/binary.js";
import type { MethodPlan } from "../contract/plan.js";
import { headerOf } from "../wire/unary.js";
import { bytesOf, encodeAnswer, identify, type RestAnswer } from "./answer.js";
import { cachingHeaders } from "./caching.js";
import { codingsOf } from "./coding.js";
import { acceptable, type Form } from "./content.js";
import { compileBody } from "./envelope.js";
import { addMetadata, type AnswerHeaders } from "./metadata.js";
import { read } from "./place.js";

/** How answers are written, the same for all bindings of a server. */
export interface RenderOptions {
  /** Resolves the types of Any in JSON. */
  readonly registry: Registry;
  /** Largest answer in bytes, before content coding, where the method sets none. */
  readonly answerBytesMax: number;
}

/** Writes answers of one binding. */
export interface Renderer {
  /** Checks that the client takes what there will be, before the handler runs (TRANSCODING 7.3, 7.4). Throws ConnectError. */
  check(headers: HeaderRecord): void;
  /** The answer for a message. Throws Error if the message cannot be written. */
  render(message: Message, call: Call | undefined, headers: HeaderRecord): RestAnswer | Promise<RestAnswer>;
}

/**
 * Compiles the response half of a binding. `responseBody` is the name of a field, or "" for the message itself.
 *
 * @throws Error for a contract that cannot be served (TRANSCODING 1.7).
 */
export function compileRenderer(plan: MethodPlan, responseBody: string, options: RenderOptions): Renderer {
  const content = contentOf(plan, responseField(plan, responseBody), options.registry);
  const caching = Object.entries(cachingHeaders(plan.policy));
  const bytesMax = plan.responseBytesMax ?? options.answerBytesMax;
  const formIn = (headers: HeaderRecord) =>
    content.offered === undefined ? "json" : acceptable(headerOf(headers, "accept"), content.offered);

  return {
    check(headers) {
      const { coding, identity } = codingsOf(headerOf(headers, "accept-encoding"));
      if (formIn(headers) === undefined || (coding === undefined && !identity)) {
        throw fail(Reason.NOT_ACCEPTABLE, "no acceptable form of the answer; accept application/json");
      }
    },
    render(message, call, request) {
      const headers: AnswerHeaders = {};
      for (const [name, value] of caching) headers[name] = value;
      addMetadata(identify(headers, call), call);
      const body = content.write(message, formIn(request) ?? "json", headers);
      const bytes = bytesOf(body);
      if (bytes > bytesMax) throw new Error(`answer of ${bytes} bytes is larger than ${bytesMax}`);
      if (call !== undefined) call.responseBytes = bytes;
      return encodeAnswer(200, headers, body, request);
    },
  };
}

/** What a body is made of. */
interface Content {
  /** The forms that a client may choose from; undefined if it has no choice. */
  readonly offered: readonly Form[] | undefined;
  /** Writes the body and adds its headers. */
  write(message: Message, form: Form, headers: AnswerHeaders): Buffer | string;
}

function contentOf(plan: MethodPlan, field: DescField | undefined, registry: Registry): Content {
  const { output } = plan.method;
  if ((field === undefined ? output : field.message)?.typeName === HttpBodySchema.typeName)
    return rawContent(field);
  const writeJson = compileBody(plan, field, registry);
  const writeBinary = binaryBody(output, field);
  return {
    offered: writeBinary === undefined ? ["json"] : ["json", "proto"],
    write(message, form, headers) {
      const binary = form === "proto" && writeBinary !== undefined;
      headers["content-type"] = binary ? "application/proto" : "application/json";
      return binary ? writeBinary(message) : writeJson(message);
    },
  };
}

/** A google.api.HttpBody as it is, under its own type and in no envelope (TRANSCODING 8.2). */
function rawContent(field: DescField | undefined): Content {
  return {
    offered: undefined,
    write(message, _, headers) {
      // The output, or the field of it, is of this type; an unset field is an empty body.
      const raw = (field === undefined ? message : read(message, field)) as HttpBody | undefined;
      headers["content-type"] = raw?.contentType || "application/octet-stream";
      headers["x-content-type-options"] = "nosniff";
      return Buffer.from(raw?.data ?? []);
    },
  };
}

function responseField({ method }: MethodPlan, name: string): DescField | undefined {
  if (name === "") return undefined;
  const field = method.output.fields.find((f) => f.name === name);
  if (field === undefined)
    throw new Error(`${method.output.typeName} has no field ${name} for the response body`);
  return field;
}

/** Writes the answer in binary; undefined where it is no message of its own. */
function binaryBody(
  output: DescMessage,
  field: DescField | undefined,
): ((message: Message) => Buffer) | undefined {
  if (field === undefined) {
    const codec = binaryCodec(output);
    return (message) => codec.encode(message, 0);
  }
  if (field.fieldKind !== "message" || hasCustomJsonRepresentation(field.message)) return undefined;
  const codec = binaryCodec(field.message);
  return (message) => {
    // The field is a message field.
    const value = read(message, field) as Message | undefined;
    return value === undefined ? Buffer.alloc(0) : codec.encode(value, 0);
  };
}
