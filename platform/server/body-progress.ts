// Hot path: every body being read is an entry of one set, looked at four times a second.

/** How fast a body has to come: `bytesPerSecondMin` on average over each window of `windowMs`. */
export interface BodyProgress {
  readonly windowMs: number;
  readonly bytesPerSecondMin: number;
}

/** A body being read. The reader keeps `bytes` current; the rest belongs to the watch. */
export interface WatchedBody {
  bytes: number;
  bytesBefore: number;
  /** When the window began, by `performance.now()`; 0 until the first look, so that a quick body costs no clock. */
  windowStartedAt: number;
  readonly progress: BodyProgress;
  readonly tooSlow: () => void;
}

// Often enough that many slow clients are not all failed at once.
const sweepMs = 250;
const watched = new Set<WatchedBody>();
let timer: NodeJS.Timeout | undefined;

/** Calls `body.tooSlow` when a window ends short of its bytes: at most two sweeps (half a second) later than the window itself. */
export function watchBody(body: WatchedBody): void {
  watched.add(body);
  // One timer for the process, unreferenced so that it keeps no process alive. It stops when there is nothing to watch.
  timer ??= setInterval(sweep, sweepMs).unref();
}

/** Ends the watch. Has to be called once a body is read or given up. */
export function unwatchBody(body: WatchedBody): void {
  watched.delete(body);
}

function sweep(): void {
  if (watched.size === 0) {
    clearInterval(timer);
    timer = undefined;
    return;
  }
  const now = performance.now();
  for (const body of watched) {
    const elapsedMs = now - body.windowStartedAt;
    if (body.windowStartedAt !== 0 && elapsedMs < body.progress.windowMs) continue;
    const bytes = body.bytes - body.bytesBefore;
    if (body.windowStartedAt !== 0 && bytes * 1000 < body.progress.bytesPerSecondMin * elapsedMs)
      body.tooSlow();
    body.windowStartedAt = now;
    body.bytesBefore = body.bytes;
  }
}
