// Hot path: writes the JSON of every REST answer.
import type { DescField, Message, Registry } from "@bufbuild/protobuf";
import { PageInfoSchema } from "../../gen/ts/trunkline/v1/page_pb.js";
import { EmptyAs, Envelope, JsonNames, PageStyle, type Note } from "../../gen/ts/trunkline/v1/rest_pb.js";
import { jsonWriter } from "../codec/json-write.js";
import type { JsonWriteOptions } from "../codec/json.js";
import type { MethodPlan } from "../contract/plan.js";

/** Writes the JSON body of a successful answer. */
export type WriteBody = (message: Message) => string;

/**
 * Compiles how answers of a method are written: as they are, or in the v4 envelope
 * `{"result":R,"success":true,"errors":[],"messages":[],"result_info":I}`, compact and in this order (CLOUDFLARE-V4 1.1).
 * R is the message, or its field `response_body`; I is its trunkline.v1.PageInfo, absent where there is none.
 *
 * @throws Error if the contract asks for a result_info that PageInfo cannot say.
 */
export function compileBody(
  plan: MethodPlan,
  responseBody: DescField | undefined,
  registry: Registry,
): WriteBody {
  const options = writeOptions(plan, registry);
  const writer = jsonWriter(plan.method.output, options);
  const write: WriteBody =
    responseBody === undefined ? (m) => writer.write(m) : (m) => writer.writeField(m, responseBody);
  if (plan.serviceRest.envelope !== Envelope.V4) return write;
  const result =
    plan.method.output.fields.length === 0 ? constant(emptyResult(plan.methodRest.empty)) : write;
  const messages = `"success":true,"errors":[],"messages":${notes(plan.methodRest.note)}`;
  const info = writeInfo(plan, registry);
  return (message) => `{"result":${result(message)},${messages}${info(message)}}`;
}

function writeInfo(plan: MethodPlan, registry: Registry): WriteBody {
  const { name, method, methodRest } = plan;
  const field = method.output.fields.find(
    (f) => f.fieldKind === "message" && f.message.typeName === PageInfoSchema.typeName,
  );
  const style = methodRest.page?.style ?? PageStyle.UNSPECIFIED;
  if (style === PageStyle.CURSOR || style === PageStyle.CURSOR_AFTER) {
    throw new Error(`${name} is paged by cursor, which trunkline.v1.PageInfo does not have`);
  }
  if (field === undefined) {
    if (style === PageStyle.PAGE)
      throw new Error(`${name} is paged, but its response has no trunkline.v1.PageInfo`);
    return constant("");
  }
  const writer = jsonWriter(PageInfoSchema, { registry, names: "proto", emitImplicit: true, styled: false });
  return (message) => {
    // A singular message field is its message, or undefined; only the descriptor knows its name.
    const page = (message as unknown as Record<string, Message | undefined>)[field.localName];
    return page === undefined ? "" : `,"result_info":${writer.write(page)}`;
  };
}

function writeOptions({ serviceRest }: MethodPlan, registry: Registry): JsonWriteOptions {
  return {
    registry,
    names: serviceRest.jsonNames === JsonNames.PROTO ? "proto" : "json",
    emitImplicit: true,
    styled: serviceRest.envelope === Envelope.V4,
  };
}

function emptyResult(empty: EmptyAs): string {
  return empty === EmptyAs.OBJECT ? "{}" : "null";
}

function notes(note: Note | undefined): string {
  return note === undefined ? "[]" : JSON.stringify([{ code: note.code, message: note.text, type: null }]);
}

function constant(text: string): WriteBody {
  return () => text;
}
