import type { Principal } from "../call/principal.js";
import type { Verifiers } from "./authenticate.js";

/** Verifies API tokens against a fixed list. For development and tests, and until tokens live in a database. */
export function staticTokens(
  principals: ReadonlyMap<string, Principal>,
): Required<Pick<Verifiers, "apiToken">> {
  // The look-up hashes the whole token with a per-process seed before it compares, so that its time does not tell how
  // many leading characters are right.
  return { apiToken: (token) => principals.get(token) };
}
