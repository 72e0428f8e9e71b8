// Hot path: one line a call.
import pino, { type Logger } from "pino";

const linesBytes = 64 * 1024;
const flushMs = 200;
// A collector that hangs must not make the server grow: beyond this, lines are dropped and counted.
const waitingBytesMax = 16 * 1024 * 1024;

/** A log that takes finished lines as well, and tells how many it had to drop. */
export interface Log extends Logger {
  /**
   * Writes a line at level "info" whose fields, as `"name":value` separated by commas, are JSON already. For the one
   * line of each call: pino's way costs four times as much.
   */
  readonly infoLine: (fields: string) => void;
  /** Lines dropped because nobody took them. */
  readonly dropped: () => number;
}

/**
 * The structured log: JSON lines on standard output, or in the file `dest`. Lines are gathered for at most 200 ms, so
 * that a busy server writes in blocks; call `flush` before exit. Headers are never logged, and messages only as
 * `redacted()` shows them.
 */
export function createLog(level: string, dest: string | number = 1): Log {
  const { stream, dropped } = gathered(dest);
  const log = pino(
    {
      level,
      // No pid and host name on every line; whoever collects logs knows where they come from.
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: isoTime,
    },
    stream,
  );
  const infoLine = (fields: string): void => {
    if (log.isLevelEnabled("info")) stream.write(`{"level":"info"${isoTime()},${fields}}\n`);
  };
  return Object.assign(log, { dropped, infoLine });
}

/** Gathers lines as they are and joins them once a block: joining or measuring each costs more than writing it. */
function gathered(dest: string | number) {
  // With a minimum of 0 its flush() would not wait for what is being written.
  const sink = pino.destination({ dest, sync: false, minLength: 1, maxLength: waitingBytesMax });
  let lines: string[] = [];
  let length = 0;
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  sink.on("drop", (data: string) => (dropped += data.split("\n").length - 1));

  const writeBlock = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (length === 0) return;
    const block = lines.join("");
    lines = [];
    length = 0;
    sink.write(block);
  };
  return {
    dropped: () => dropped,
    stream: {
      write(line: string): void {
        lines.push(line);
        length += line.length;
        if (length >= linesBytes) writeBlock();
        else timer ??= setTimeout(writeBlock, flushMs).unref();
      },
      flush(done?: (error?: Error) => void): void {
        writeBlock();
        sink.flush(done);
      },
    },
  };
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
