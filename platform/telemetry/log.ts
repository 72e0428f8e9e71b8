import pino, { type Logger } from "pino";

/**
 * The structured log: JSON lines on standard output, or in the file `dest`. Lines are buffered for a moment, so that a
 * busy server writes in blocks; they are flushed at exit. Headers are never logged, and messages only as `redacted()`
 * shows them.
 */
export function createLog(level: string, dest: string | number = 1): Logger {
  return pino(
    {
      level,
      // No pid and host name on every line; whoever collects logs knows where they come from.
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: isoTime,
    },
    pino.destination({ dest, sync: false, minLength: 64 * 1024, maxWrite: 256 * 1024, periodicFlush: 200 }),
  );
}

let lastMs = 0;
let lastTime = "";

/** The time of a line. Lines of one millisecond share the text, which costs more to make than the rest of a short line. */
function isoTime(): string {
  const now = Date.now();
  if (now !== lastMs) {
    lastMs = now;
    lastTime = `,"time":"${new Date(now).toISOString()}"`;
  }
  return lastTime;
}
