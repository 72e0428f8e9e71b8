// Hot path: path values of every request go through `Place.set`.
import { create, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";

/** A generated message as what it is at run time: a plain object with the fields' local names as keys. */
export type Fields = Record<string, unknown>;

/** Where a value goes in a message: a field, possibly inside other messages. */
export interface Place {
  /** json_name path, for example "sub.num". */
  readonly path: string;
  /** The fields that lead to it, and it. Never empty. */
  readonly chain: readonly DescField[];
  readonly field: DescField;
  /** The message that holds the field; its parents are created. */
  parentOf(message: Message): Fields;
  /** The value there; undefined if it, or a parent, is not set. */
  get(message: Message): unknown;
  /** Sets a value of the type that the message has there; wrappers take the inner value. */
  set(message: Message, value: unknown): void;
}

type MessageField = DescField & { message: DescMessage };

/** The place at the end of a chain of fields. All but the last are singular messages. */
export function placeOf(chain: readonly DescField[]): Place {
  const field = chain.at(-1);
  if (field === undefined) throw new Error("a place needs a field");
  // All but the last are message fields: that is what a chain is.
  const parents = chain.slice(0, -1) as MessageField[];
  const set = setterOf(field);
  const parentOf = (message: Message) => {
    let fields: Fields = message;
    for (const parent of parents) fields = enter(fields, parent);
    return fields;
  };
  return {
    path: chain.map((f) => f.jsonName).join("."),
    chain,
    field,
    parentOf,
    get(message) {
      let fields: Fields | undefined = message;
      for (const parent of parents) {
        // A parent is a message field, so its value is one.
        fields = read(fields, parent) as Fields | undefined;
        if (fields === undefined) return undefined;
      }
      return read(fields, field);
    },
    set:
      parents.length === 0
        ? (message, value) => set(message, value)
        : (message, value) => set(parentOf(message), value),
  };
}

/** The value of a field, looking into its oneof. A wrapper is its inner value, inside a oneof as well. */
export function read(fields: Fields, field: DescField): unknown {
  if (field.oneof === undefined) return fields[field.localName];
  // A oneof is stored as its case and the value of that case.
  const group = fields[field.oneof.localName] as { case: string | undefined; value?: unknown };
  if (group.case !== field.localName) return undefined;
  if (field.message === undefined || !isWrapperDesc(field.message)) return group.value;
  // As its descriptor says.
  return (group.value as { value: unknown }).value;
}

/** Unsets a singular message field. */
export function clear(message: Message, field: DescField): void {
  const fields: Fields = message;
  if (field.oneof === undefined) delete fields[field.localName];
  else fields[field.oneof.localName] = { case: undefined };
}

/** Sets a field in the message that holds it. Lists get one more element. */
function setterOf(field: DescField): (fields: Fields, value: unknown) => void {
  const { localName } = field;
  const wrapper = field.message !== undefined && isWrapperDesc(field.message) ? field.message : undefined;
  if (field.fieldKind === "list") {
    // A list field is always there, as an array. Lists of wrappers hold messages: protobuf-es takes wrappers apart in
    // singular fields only.
    return wrapper === undefined
      ? (fields, value) => (fields[localName] as unknown[]).push(value)
      : (fields, value) => (fields[localName] as unknown[]).push(create(wrapper, { value }));
  }
  if (field.oneof !== undefined) {
    const group = field.oneof.localName;
    return (fields, value) => {
      fields[group] = { case: localName, value: wrapper === undefined ? value : create(wrapper, { value }) };
    };
  }
  return (fields, value) => {
    fields[localName] = value;
  };
}

function enter(fields: Fields, field: MessageField): Fields {
  const present = read(fields, field);
  // A parent is a message field, so its value is one.
  if (present !== undefined) return present as Fields;
  const made: Fields = create(field.message);
  if (field.oneof === undefined) fields[field.localName] = made;
  else fields[field.oneof.localName] = { case: field.localName, value: made };
  return made;
}
