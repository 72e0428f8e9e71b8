import { canPin } from "./process/child.js";

/** CPUs of the two sides; undefined where processes cannot be pinned. */
export interface Placements {
  /** Of what is measured. */
  readonly measured: number | undefined;
  /** Of what drives it or answers it. */
  readonly other: number | undefined;
}

/** One CPU each, so that the two sides never wait for each other's CPU and garbage collection cannot borrow one. */
export function placements(): Placements {
  return canPin() ? { measured: 0, other: 1 } : { measured: undefined, other: undefined };
}
