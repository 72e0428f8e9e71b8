// Hot path: `codingsOf` sees every request; the headers of the usual clients are parsed once.
import type { Coding } from "../wire/compression.js";
import { weightOf } from "./media-type.js";

/** What a client takes (TRANSCODING 7.4, RFC 9110 section 12.5.3). */
export interface Codings {
  /** The best coding of ours; undefined if it wants none. */
  readonly coding: Coding | undefined;
  /** Whether an uncoded body is fine too. */
  readonly identity: boolean;
}

const onlyIdentity: Codings = { coding: undefined, identity: true };
/** In the order of preference where weights are equal. */
export const offeredCodings: readonly Coding[] = ["br", "gzip", "deflate"];

// Few values are in use; a client that invents more of them does not make the table grow.
const known = new Map<string, Codings>();
const knownMax = 64;

/** The codings of an Accept-Encoding header. */
export function codingsOf(acceptEncoding: string | undefined): Codings {
  if (acceptEncoding === undefined) return onlyIdentity;
  let codings = known.get(acceptEncoding);
  if (codings === undefined) {
    codings = parseCodings(acceptEncoding);
    if (known.size < knownMax && acceptEncoding.length < 128) known.set(acceptEncoding, codings);
  }
  return codings;
}

function parseCodings(header: string): Codings {
  const weights = new Map<string, number>();
  for (const part of header.split(",")) {
    const [name = "", ...parameters] = part.split(";");
    const q = parameters.map((p) => p.trim()).find((p) => /^q=/i.test(p));
    if (name.trim() !== "") weights.set(name.trim().toLowerCase(), weightOf(q?.slice(2)));
  }
  const others = weights.get("*");
  // Without a word about it, identity is taken, but after everything that is named.
  const identity = weights.get("identity") ?? others;
  let coding: Coding | undefined;
  let best = 0;
  for (const each of offeredCodings) {
    const weight = weights.get(each) ?? others ?? 0;
    if (weight > best) {
      coding = each;
      best = weight;
    }
  }
  const preferred = weights.get("identity") ?? 0;
  return { coding: preferred > best ? undefined : coding, identity: identity !== 0 };
}
