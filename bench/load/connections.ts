import type { LoadResult } from "../process/commands.js";

/** Open connections to one server that keep a fixed number of requests in flight. */
export interface Connections {
  /** Sends this many requests, waits for all answers. Rejects at the first wrong answer. */
  run(requests: number): Promise<LoadResult>;
  close(): void;
}

/** Runs are far shorter; a server that does not answer must not hang the bench. */
const runSecondsMax = 120;

/**
 * A closed loop: `start` begins one request and calls `next` when its answer has been checked. As many as `inFlight` are
 * under way at any time, until `requests` have been answered.
 */
export async function closedLoop<Slot>(
  requests: number,
  slots: readonly Slot[],
  start: (slot: Slot, index: number, next: () => void, fail: (error: Error) => void) => void,
): Promise<LoadResult> {
  const latencies = new Float64Array(requests);
  const begin = performance.now();
  let started = 0;
  let answered = 0;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no end after ${runSecondsMax} s`)),
      runSecondsMax * 1000,
    );
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    const send = (slot: Slot): void => {
      if (started === requests) return;
      const index = started++;
      const at = performance.now();
      const next = (): void => {
        latencies[answered++] = performance.now() - at;
        if (answered === requests) {
          clearTimeout(timer);
          resolve();
        } else {
          send(slot);
        }
      };
      start(slot, index, next, fail);
    };
    for (const slot of slots) send(slot);
  });
  const seconds = (performance.now() - begin) / 1000;
  latencies.sort();
  const micros = (quantile: number): number => 1000 * (latencies[Math.floor(quantile * (requests - 1))] ?? 0);
  return { requests, seconds, p50Micros: micros(0.5), p99Micros: micros(0.99) };
}
