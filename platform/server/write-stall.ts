import type { Limits } from "./limits.js";

/** Finds clients that ask and do not read. */
export interface WriteStalls<Response extends Writing> {
  /** A response that has waited longer than it may for its client; undefined when there is none. */
  find(now: number, open: Open<Response>): Response | undefined;
}

/** The responses that are being written: a set of them, or a map by them. */
export type Open<Response> = Pick<ReadonlySet<Response>, "has" | "keys">;

/** A response: an HTTP/2 stream or a ServerResponse. */
export interface Writing {
  /** Bytes that were written to it and have not left. */
  readonly writableLength: number;
}

interface Waiting {
  readonly since: number;
  readonly bytes: number;
}

/**
 * A response that the client's flow-control window keeps from leaving holds memory. It is stalled when its waiting bytes
 * did not shrink for `writeStallMs` and the time that they need at the least rate. Streams that have nothing to send, such
 * as a quiet watch, are never stalled.
 */
export function writeStalls<Response extends Writing>(limits: Limits): WriteStalls<Response> {
  const waiting = new Map<Response, Waiting>();
  return {
    find(now, open) {
      for (const stream of waiting.keys()) {
        if (!open.has(stream)) waiting.delete(stream);
      }
      for (const stream of open.keys()) {
        const bytes = stream.writableLength;
        const before = waiting.get(stream);
        if (bytes === 0) {
          if (before !== undefined) waiting.delete(stream);
        } else if (before === undefined || bytes < before.bytes) {
          waiting.set(stream, { since: now, bytes });
        } else if (
          now - before.since >
          limits.writeStallMs + (bytes * 1000) / limits.writeBytesPerSecondMin
        ) {
          return stream;
        }
      }
      return undefined;
    },
  };
}
