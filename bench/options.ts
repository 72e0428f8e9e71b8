import { parseArgs } from "node:util";

export type Suite = "rpc" | "client";

/** What the command line asks for. */
export interface Options {
  readonly suites: readonly Suite[];
  /** Samples per case. */
  readonly samples: number;
  /** Length of a sample in seconds, about. */
  readonly seconds: number;
  /** Length of the warm-up of each case in seconds. */
  readonly warmUpSeconds: number;
  /** Lower-case parts of names; a case runs if its name contains one. Empty: all. */
  readonly only: readonly string[];
  readonly jsonFile: string | undefined;
  readonly gate: boolean;
  readonly memory: boolean;
}

export const usage = `npm run bench -- [rpc|client|all] [options]

  rpc             server CPU per request beside the peers (default)
  client          client CPU per call beside the peers
  all             both
  --samples N     samples per case, interleaved (default 9)
  --seconds S     length of a sample (default 1)
  --only A,B      cases whose "method: name" contains A or B
  --quick         3 short samples: shows that it works, its figures mean little
  --memory        also the resident memory per idle HTTP/2 connection
  --json FILE     writes all samples and results
  --gate          exit code 1 if a goal that must be reached is missed by more than the noise of the run`;

/** Throws with a sentence for the user on a wrong command line; undefined when help was asked for. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      samples: { type: "string" },
      seconds: { type: "string" },
      only: { type: "string", default: "" },
      quick: { type: "boolean", default: false },
      memory: { type: "boolean", default: false },
      json: { type: "string" },
      gate: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const samples = values.samples ?? (values.quick ? "3" : "9");
  const seconds = values.seconds ?? (values.quick ? "0.2" : "1");
  return {
    suites: readSuites(positionals),
    samples: positive("samples", samples, Number.isSafeInteger),
    seconds: positive("seconds", seconds, Number.isFinite),
    warmUpSeconds: values.quick ? 1.5 : 5,
    only: values.only
      .toLowerCase()
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== ""),
    jsonFile: values.json,
    gate: values.gate,
    memory: values.memory,
  };
}

function readSuites([first = "rpc", ...rest]: readonly string[]): readonly Suite[] {
  if (rest.length > 0) throw new Error(`one suite at a time, not also ${rest.join(" ")}`);
  if (first === "all") return ["rpc", "client"];
  if (first === "rpc" || first === "client") return [first];
  throw new Error(`no suite ${first}`);
}

function positive(name: string, text: string, isValid: (value: number) => boolean): number {
  const value = Number(text);
  if (!isValid(value) || value <= 0) throw new Error(`--${name} ${text}: not a number above 0`);
  return value;
}

/** Whether `--only` selects a case. */
export function selects({ only }: Options, name: string): boolean {
  return only.length === 0 || only.some((part) => name.toLowerCase().includes(part));
}
