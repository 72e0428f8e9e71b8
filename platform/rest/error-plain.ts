import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type Message,
  type Registry,
} from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation } from "@bufbuild/protobuf/wkt";
import type { Code, ConnectError } from "@connectrpc/connect";
import { jsonWriter } from "../codec/json-write.js";
import type { JsonWriteOptions } from "../codec/json.js";

/** Writes a failure as google.rpc.Status, all three keys always (TRANSCODING 10.1). */
export type WriteStatus = (code: Code, message: string, details: ConnectError["details"]) => string;

/** Compiles the writer. Details are written as JSON if the registry knows their type, else as base64. */
export function statusWriter(registry: Registry): WriteStatus {
  const options: JsonWriteOptions = { registry, names: "json", emitImplicit: false, styled: false };
  return (code, message, details) => {
    const written = details.map((detail) => writeDetail(detail, registry, options));
    return `{"code":${code},"message":${JSON.stringify(message)},"details":[${written.join(",")}]}`;
  };
}

type Detail = ConnectError["details"][number];

function writeDetail(detail: Detail, registry: Registry, options: JsonWriteOptions): string {
  const typeName = "desc" in detail ? detail.desc.typeName : detail.type;
  const url = JSON.stringify(`type.googleapis.com/${typeName}`);
  try {
    const desc = registry.getMessage(typeName);
    if (desc !== undefined) return writeKnown(url, desc, messageOf(detail, desc), options);
  } catch {
    // One bad detail must not hide the error: it goes out as bytes.
  }
  return `{"@type":${url},"value":${JSON.stringify(Buffer.from(bytesOf(detail)).toString("base64"))}}`;
}

function writeKnown(url: string, desc: DescMessage, message: Message, options: JsonWriteOptions): string {
  const json = jsonWriter(desc, options).write(message);
  if (hasCustomJsonRepresentation(desc)) return `{"@type":${url},"value":${json}}`;
  return json === "{}" ? `{"@type":${url}}` : `{"@type":${url},${json.slice(1)}`;
}

function messageOf(detail: Detail, desc: DescMessage): Message {
  return "desc" in detail ? create(detail.desc, detail.value) : fromBinary(desc, detail.value);
}

function bytesOf(detail: Detail): Uint8Array {
  if (!("desc" in detail)) return detail.value;
  try {
    return toBinary(detail.desc, create(detail.desc, detail.value));
  } catch {
    return new Uint8Array();
  }
}
