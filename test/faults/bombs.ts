import http from "node:http";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { attackerAddress, type Attack, type Outcome, type Target } from "./attack.js";

const inflatedBytes = 200e6;
const bombsPerKind = 1000;
const atOnce = 16;

// Besides 4xx: the connection was cut, or the encoding is not one that the server knows (`unimplemented` in Connect).
const refusals: ReadonlySet<number> = new Set([0, 501]);

interface Bomb {
  readonly encoding: string;
  readonly bytes: Buffer;
}

/** Sends one bomb; resolves with the status of the answer, 0 when the connection was cut instead. */
function send(target: Target, agent: http.Agent, { encoding, bytes }: Bomb): Promise<number> {
  const headers = { ...target.headers, "content-encoding": encoding, "content-length": bytes.length };
  const { hostname, port } = new URL(target.url);
  return new Promise((resolve) => {
    const request = http.request(
      { hostname, port, path: target.path, method: "POST", headers, agent, localAddress: attackerAddress(0) },
      (response) => {
        response.resume();
        response.on("close", () => resolve(response.statusCode ?? 0));
      },
    );
    request.on("error", () => resolve(0));
    request.end(bytes);
  });
}

async function explode(target: Target, bomb: Bomb): Promise<Outcome> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: atOnce });
  const statuses = new Map<number, number>();
  let left = bombsPerKind;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const status = await send(target, agent, bomb);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  agent.destroy();
  const wrong = [...statuses].filter(([status]) => !refusals.has(status) && (status < 400 || status > 499));
  return {
    sent: bombsPerKind,
    ended: wrong.length === 0,
    complaints: wrong.map(([status, count]) => `${count} answers ${status}`),
  };
}

// Compressing 200 MB takes a while, so it waits until the attack is asked for.
const zeros = (): Buffer => Buffer.alloc(inflatedBytes);
const brotli = (bytes: Buffer): Buffer =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
const bombs: Record<string, () => Bomb> = {
  "gzip bombs of 200 MB": () => ({ encoding: "gzip", bytes: gzipSync(zeros()) }),
  "br bombs of 200 MB": () => ({ encoding: "br", bytes: brotli(zeros()) }),
  "gzip in gzip": () => ({ encoding: "gzip, gzip", bytes: gzipSync(gzipSync(zeros())) }),
};

/** Small bodies that inflate to large ones. They have to be refused as the client's fault, without the memory. */
export const decompressionBombs: readonly Attack[] = Object.entries(bombs).map(([name, make]) => ({
  promise: "S7",
  name: `${bombsPerKind.toLocaleString("en")} ${name}`,
  bar: { rssGrowthMax: 64e6 },
  run: (target) => explode(target, make()),
}));
