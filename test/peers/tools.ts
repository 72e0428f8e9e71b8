// Programs that some tests need and that npm does not bring.
import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { test } from "@jest/globals";

const run = promisify(execFile);

/** What a program wrote and how it ended. */
export interface Finished {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a program is; undefined if it is not installed. */
export function findProgram(name: string): string | undefined {
  try {
    return execFileSync("which", [name], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

/** Runs a program to its end, at most a minute. */
export async function runProgram(path: string, args: readonly string[]): Promise<Finished> {
  try {
    return { status: 0, ...(await run(path, args, { timeout: 60_000 })) };
  } catch (error) {
    // What execFile rejects with has the output of the program.
    const { code, stdout, stderr } = error as { code?: number; stdout?: string; stderr?: string };
    return { status: code ?? 1, stdout: stdout ?? "", stderr: stderr ?? String(error) };
  }
}

/** `test` where the program is installed. Elsewhere the test is skipped with a message, but in CI it fails. */
export function testWith(program: string, found: string | undefined): typeof test | typeof test.skip {
  if (found !== undefined) return test;
  if (process.env["CI"]) throw new Error(`${program} is not installed; in CI its tests must run`);
  process.stderr.write(`${program} is not installed: its tests are skipped\n`);
  return test.skip;
}
