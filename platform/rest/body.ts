// Hot path: runs for every request with a body.
import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import { HttpBodySchema } from "../../gen/ts/google/api/httpbody_pb.js";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { fail } from "../call/errors.js";
import { binaryCodec } from "../codec/binary.js";
import { Violation, type JsonReader } from "../codec/json.js";
import type { BodyTarget } from "./body-target.js";
import { formOf, unsupportedType } from "./content.js";
import type { UpdateMask } from "./mask.js";
import { otherMember, overlay } from "./overlay.js";
import { clear, type Place } from "./place.js";

/** Reads a body into a message that has its path and query values already. */
export type BodyBinder = (message: Message, body: Buffer, contentType: string | undefined) => Message;

/**
 * Compiles the body half of a binding (TRANSCODING section 6). The bytes that it is given are decoded and within the
 * limit; no bytes mean that the body was not given.
 *
 * It throws Violation for a field, and ConnectError for a body that cannot be read at all.
 */
export function bodyBinder(
  desc: DescMessage,
  target: BodyTarget,
  path: readonly Place[],
  reader: JsonReader,
): BodyBinder {
  switch (target.kind) {
    case "none":
      return (message, body) => {
        if (body.length > 0 && !emptyObject.test(body.toString("latin1"))) {
          throw fail(Reason.BODY_MALFORMED, "this method takes no body");
        }
        return message;
      };
    case "whole":
      return (message, body, contentType) => {
        if (body.length === 0) return message;
        const whole = formOf(contentType) === "json" ? reader.read(body) : readBinary(desc, body);
        for (const place of path) overlay(whole, place, place.get(message));
        return whole;
      };
    case "field":
      return fieldBinder(desc, target.place, target.mask, path, reader);
    case "raw":
      return rawBinder(target.place);
  }
}

const emptyObject = /^[ \t\r\n]*\{[ \t\r\n]*\}[ \t\r\n]*$/;

function fieldBinder(
  desc: DescMessage,
  place: Place,
  mask: UpdateMask | undefined,
  path: readonly Place[],
  reader: JsonReader,
): BodyBinder {
  const { field } = place;
  const inside = path.filter((p) => p.chain[0] === field);
  return (message, body, contentType) => {
    const form = body.length > 0 ? formOf(contentType) : "json";
    if (form === "proto" && field.fieldKind !== "message") throw unsupportedType();
    const paths: string[] = [];
    if (body.length > 0) {
      const before = otherMember(message, place.chain);
      const values = inside.map((p) => p.get(message));
      // The reader has to find the field as the client left it.
      if (inside.length > 0) clear(message, field);
      if (form === "proto") place.set(message, place.get(readBinary(desc, asField(field.number, body))));
      else reader.readField(message, field, body, mask && ((given) => void paths.push(given)));
      if (before !== undefined && otherMember(message, place.chain) === undefined) {
        throw new Violation(place.path, "ONEOF_CONFLICT", "another member of the oneof is given");
      }
      for (const [i, p] of inside.entries()) overlay(message, p, values[i]);
    }
    if (form === "json" || mask?.replaces === true) mask?.fill(message, paths);
    return message;
  };
}

/** The body as it is, under its own type (TRANSCODING 8.1). */
function rawBinder(place: Place | undefined): BodyBinder {
  return (message, body, contentType) => {
    if (place !== undefined && body.length === 0 && contentType === undefined) return message;
    const upload = create(HttpBodySchema, { contentType: contentType ?? "", data: body });
    if (place === undefined) return upload;
    place.set(message, upload);
    return message;
  };
}

function readBinary(desc: DescMessage, bytes: Uint8Array): Message {
  try {
    return binaryCodec(desc).decode(bytes);
  } catch (cause) {
    throw fail(Reason.BODY_MALFORMED, "body is not a valid message", { cause });
  }
}

/** The bytes of a message as those of a message that has it in one field: a tag and a length in front. */
function asField(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  // Five bytes hold the largest tag and the largest body.
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
