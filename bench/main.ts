// `npm run bench`: CPU time of ours beside the peers, interleaved in one run. See README.md.
import { writeFileSync } from "node:fs";
import { measureClient } from "./client.js";
import { environment, environmentLines } from "./environment.js";
import { judge, passes, type Group } from "./goals.js";
import { measureMemory, memoryLines, type IdleMemory } from "./memory.js";
import { readOptions, usage, type Options } from "./options.js";
import { placements } from "./placement.js";
import { groupLines, verdictLines } from "./report.js";
import { measureRpc } from "./rpc.js";
import { methods } from "./workload/wire.js";

const options = readCommandLine();
const cpus = placements();
const env = environment(options, cpus);
print(environmentLines(env));

const groups: Group[] = [];
for (const suite of options.suites) {
  const measure = suite === "rpc" ? measureRpc : measureClient;
  for (const method of methods) {
    const group = await measure(method, options, cpus, progress);
    if (group === undefined) continue;
    groups.push(group);
    print(groupLines(group));
  }
}
const memory: IdleMemory[] = options.memory ? await measureMemory(options, cpus, progress) : [];
print(memoryLines(memory));

if (groups.length === 0 && memory.length === 0) fail(`no case matches --only ${options.only.join(",")}`);

const verdicts = judge(options.suites, groups);
print(verdictLines(verdicts));
if (options.jsonFile !== undefined) {
  writeFileSync(
    options.jsonFile,
    `${JSON.stringify({ environment: env, groups, memory, verdicts }, undefined, 2)}\n`,
  );
}
if (options.gate && !passes(verdicts)) {
  console.error("bench: a gated goal was missed by more than the noise of this run, or was not measured");
  process.exitCode = 1;
}

function readCommandLine(): Options {
  try {
    const read = readOptions(process.argv.slice(2));
    if (read !== undefined) return read;
    console.log(usage);
    process.exit(0);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function fail(message: string): never {
  console.error(`bench: ${message}\n\n${usage}`);
  process.exit(2);
}

function print(lines: readonly string[]): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  for (const line of lines) console.log(line);
}

/** What is going on, on a terminal only: a log of a run stays a table. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
