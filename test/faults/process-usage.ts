import { readFile } from "node:fs/promises";

/** What a process has used so far. */
export interface Usage {
  /** User and system time, in steps of 10 ms. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

// USER_HZ and the page size are fixed on the Linux platforms that tests run on.
const msPerTick = 10;
const pageBytes = 4096;

/** Reads a process's usage from /proc (Linux). Rejects when the process is gone. */
export async function usageOf(pid: number): Promise<Usage> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name of the command is in parentheses and may hold spaces; fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  return { cpuMs: (field(14) + field(15)) * msPerTick, rssBytes: field(24) * pageBytes };
}

/** Watches the largest memory of a process until stopped. */
export function watchRss(pid: number): { stop(): number } {
  let peak = 0;
  const look = (): void => {
    usageOf(pid).then(
      ({ rssBytes }) => (peak = Math.max(peak, rssBytes)),
      () => {},
    );
  };
  look();
  const timer = setInterval(look, 50);
  return {
    stop() {
      clearInterval(timer);
      return peak;
    },
  };
}
