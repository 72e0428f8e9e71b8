import pino, { type Logger } from "pino";

/** Header names whose values never reach a log, wherever they turn up in a logged object. */
const secret = ["authorization", "cookie", "proxy-authorization", "x-auth-key", "set-cookie"];

/**
 * The structured log: JSON lines on standard output, or on `stream`. Lines are buffered for a moment, so that a busy
 * server writes in blocks; they are flushed at exit.
 */
export function createLog(level: string, stream?: pino.DestinationStream): Logger {
  const paths = secret.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]);
  return pino(
    {
      level,
      // No pid and host name on every line; whoever collects logs knows where they come from.
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths, censor: "[redacted]" },
    },
    stream ?? pino.destination({ dest: 1, sync: false, minLength: 4096, periodicFlush: 200 }),
  );
}
