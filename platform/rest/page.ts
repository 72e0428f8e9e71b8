import { ScalarType, type DescField, type Message } from "@bufbuild/protobuf";
import { PageStyle } from "../../gen/ts/trunkline/v1/rest_pb.js";
import type { MethodPlan } from "../contract/plan.js";
import { placeOf, type Place } from "./place.js";
import type { TextReader } from "./slot.js";

/** Reads the paging parameters of a list: whatever the client wrote, the handler gets a page and a size it can serve. */
export interface Pager {
  /** The readers of the paging fields. They refuse nothing; a field given twice has its last value. */
  readonly readers: ReadonlyMap<DescField, TextReader>;
  /** Fills in what the client left out. */
  complete(message: Message): void;
}

/** Names of the field that holds the page size. */
const sizeNames = ["per_page", "limit", "page_size"];

/**
 * The pager of a list whose method has the `page` option; undefined for other methods.
 *
 * @throws Error if the request has no such fields.
 */
export function pagerOf({ method, methodRest, name }: MethodPlan): Pager | undefined {
  const { page } = methodRest;
  if (page === undefined || page.style === PageStyle.UNSPECIFIED || page.style === PageStyle.SINGLE)
    return undefined;
  const size = method.input.fields.find((f) => sizeNames.includes(f.name));
  if (size === undefined)
    throw new Error(`${name} is paged, but its request has no field ${sizeNames.join(", ")}`);
  const sizeMax = page.max || integerMax(size, name);
  const bounds: Bounds[] = [
    { place: placeOf([size]), min: Math.max(page.min, 1), max: sizeMax, default: page.default || sizeMax },
  ];
  if (page.style === PageStyle.PAGE) {
    const number = method.input.fields.find((f) => f.name === "page");
    if (number === undefined)
      throw new Error(`${name} is paged by number, but its request has no field page`);
    bounds.push({ place: placeOf([number]), min: 1, max: integerMax(number, name), default: 1 });
  }
  return {
    readers: new Map(bounds.map((b) => [b.place.field, (text) => clamp(text, b)])),
    complete(message) {
      for (const { place, default: value } of bounds) if (!place.get(message)) place.set(message, value);
    },
  };
}

interface Bounds {
  readonly place: Place;
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

function clamp(text: string, bounds: Bounds): number {
  if (!/^-?[0-9]+$/.test(text)) return bounds.default;
  return Math.min(Math.max(Number(text), bounds.min), bounds.max);
}

function integerMax(field: DescField, name: string): number {
  if (field.fieldKind === "scalar" && field.scalar === ScalarType.UINT32) return 0xffff_ffff;
  if (field.fieldKind === "scalar" && field.scalar === ScalarType.INT32) return 0x7fff_ffff;
  throw new Error(`${name} is paged, but ${field.name} is neither uint32 nor int32`);
}
