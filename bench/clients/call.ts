import { answerParent } from "../process/answer.js";
import type { ClientCommands } from "../process/commands.js";
import { rows } from "../workload/records.js";
import { bearerToken, listSize, type Method } from "../workload/wire.js";

/** A client of perf.v1.RecordService under measurement. Calls carry `callHeaders` and a deadline of `deadlineMs`. */
export interface BenchClient {
  /** Resolves to the id in the answer. */
  get(id: string): Promise<string>;
  /** Resolves to the number of records in the answer. */
  list(pageSize: number): Promise<number>;
}

/** What callers of the field send with each call. */
export const callHeaders = {
  authorization: `Bearer ${bearerToken}`,
  traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-a3ce929d0e0e4736-00",
} as const;

const inFlight = 16;

/** Makes this process a client under measurement. Every answer is checked. */
export function callBench(connect: (port: number) => BenchClient | Promise<BenchClient>): void {
  let call: ((index: number) => Promise<void>) | undefined;
  answerParent<ClientCommands>({
    async connect({ method, port }) {
      call = checkedCall(method, await connect(port));
      await call(0);
    },
    async run({ calls }) {
      if (call === undefined) throw new Error("run before connect");
      const begin = performance.now();
      const before = process.cpuUsage();
      await closedLoop(calls, call);
      const { user, system } = process.cpuUsage(before);
      return { calls, seconds: (performance.now() - begin) / 1000, cpuMicros: user + system };
    },
  });
}

function checkedCall(method: Method, client: BenchClient): (index: number) => Promise<void> {
  if (method === "ListRecords") {
    return async () => {
      const count = await client.list(listSize);
      if (count !== listSize) throw new Error(`${count} records instead of ${listSize}`);
    };
  }
  return async (index) => {
    const id = rows[index % rows.length]?.id ?? "";
    const answered = await client.get(id);
    if (answered !== id) throw new Error(`record ${answered} instead of ${id}`);
  };
}

async function closedLoop(calls: number, call: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < calls) await call(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}
