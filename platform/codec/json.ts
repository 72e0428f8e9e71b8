import type { DescField, DescMessage, Message, Registry } from "@bufbuild/protobuf";

/** How JSON of one message type is read. */
export interface JsonReadOptions {
  /** Resolves the `@type` of Any. */
  readonly registry: Registry;
  /** Unknown members: skipped (they still have to be well-formed), or a violation each. */
  readonly unknownFields: "ignore" | "reject";
  /**
   * Read what a careless client of an enveloped service sends: numbers for strings, enum numbers in strings,
   * `trunkline.v1.wire` spellings of enums (besides their names), aliases, a oneof under one key; members that are
   * OUTPUT_ONLY are dropped, whatever they hold. (Strings for numbers, and `null` for anything, are proto3 JSON anyway.)
   * Syntax, duplicates, ranges and unknown enum names are judged as strictly as ever.
   */
  readonly lenient: boolean;
}

/** How JSON of one message type is written. */
export interface JsonWriteOptions {
  readonly registry: Registry;
  /** Keys: json_name, or the names of the .proto. */
  readonly names: "json" | "proto";
  /** Whether fields without presence are written at their default, and lists and maps when empty. */
  readonly emitImplicit: boolean;
  /** Whether the `trunkline.v1` options `wire`, `oneof`, `field.emit` and `field.json_number` count. */
  readonly styled: boolean;
}

/** Reads JSON into messages of one type: proto3 JSON, strict as TRANSCODING.md 6.2 and 6.3. */
export interface JsonReader {
  /**
   * Reads one value: an object of fields, or what the type's JSON is if it is a well-known type. The message is what
   * protobuf-es makes. Throws Violation, and nothing else whatever the text is.
   */
  read(text: Uint8Array): Message;
  /**
   * Reads the value of one field, exactly as it would stand after its key, into `target`, where the field is not set
   * yet; `null` leaves it so (TRANSCODING.md 6.1). Calls `onPath` with the path (proto names, relative to the field) of
   * each member given, in document order, as 6.8 wants it for update masks: never for `{}` or `null`, and only if the
   * field is one ordinary message. When reading leniently, paths go deeper than the field's own members only where the
   * contract says `deep_merge`, and a oneof under one key comes last. Throws Violation, whose path starts with the field,
   * unless the text is not JSON; `target` may then be filled in part.
   */
  readField(target: Message, field: DescField, text: Uint8Array, onPath?: (path: string) => void): void;
}

/**
 * Writes messages of one type as compact JSON, in field-number order. Throws Error for a message that JSON can't say,
 * for example a Timestamp out of range: a fault of the server.
 */
export interface JsonWriter {
  write(message: Message): string;
  /** The JSON of one field alone, unset ones as their type's default (TRANSCODING.md 9.2). */
  writeField(message: Message, field: DescField): string;
}

/** Why an input was refused, as in TRANSCODING.md 10.4. */
export type ViolationReason =
  | "UNKNOWN_FIELD"
  | "DUPLICATE_FIELD"
  | "ONEOF_CONFLICT"
  | "SOURCE_CONFLICT"
  | "INVALID_VALUE"
  | "OUT_OF_RANGE";

/** Input that does not fit the contract. The message is a fixed, safe sentence; it holds no more than 64 characters of input. */
export class Violation extends Error {
  override readonly name = "Violation";
  constructor(
    /**
     * json_name path from the request message, for example `zone.tags[1]`; "" if the text as a whole is malformed. Map
     * keys and unknown names in it are cut at 64 characters and printable.
     */
    readonly field: string,
    readonly reason: ViolationReason,
    message: string,
  ) {
    super(message);
  }
}

/** What the JSON of a message type can be read and written by; options are given once, at start-up. */
export interface JsonCodec {
  reader(desc: DescMessage, options: JsonReadOptions): JsonReader;
  writer(desc: DescMessage, options: JsonWriteOptions): JsonWriter;
}
