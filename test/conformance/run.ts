// Runs the conformance suite of Connect, gRPC and gRPC-Web against our server and our client:
//
//     npm run test:conformance [-- server|client [flags of the runner, such as --run or --trace]]
//
// The runner is a Go program. It is built once, by version, checked against Go's checksum database. There is no list of tests
// that are known to fail: https://github.com/connectrpc/conformance
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const version = "v1.0.7";
const modes = ["server", "client"] as const;
type Mode = (typeof modes)[number];

/** What came of one run. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
}

// This file runs from dist/test/conformance.
const root = fileURLToPath(new URL("../../../", import.meta.url));

const [wish, ...flags] = process.argv.slice(2);
const chosen = modes.filter((mode) => wish === undefined || wish === mode);
if (chosen.length === 0) end(`${wish} is no mode: server or client`, 2);
const runner =
  buildRunner() ?? end("skipped: Go is needed to build the conformance runner", process.env["CI"] ? 1 : 0);

const counts: Counts[] = [];
for (const mode of chosen) counts.push(await run(runner, mode, flags));
const passed = counts.reduce((sum, c) => sum + c.passed, 0);
const failed = counts.reduce((sum, c) => sum + c.failed, 0);
end(`${passed} passed, ${failed} failed`, failed > 0 || passed === 0 ? 1 : 0);

/** The path of the runner, built if it has not been; undefined without Go. */
function buildRunner(): string | undefined {
  const directory = join(root, ".cache", "conformance", version);
  const path = join(directory, "connectconformance");
  if (existsSync(path)) return path;
  if (spawnSync("go", ["version"]).error !== undefined) return undefined;
  mkdirSync(directory, { recursive: true });
  console.log(`building the conformance runner ${version}`);
  const built = spawnSync("go", ["install", `connectrpc.com/conformance/cmd/connectconformance@${version}`], {
    stdio: "inherit",
    env: { ...process.env, GOBIN: directory },
  });
  return built.status === 0 ? path : end("the conformance runner could not be built", 1);
}

/** Runs the suite against our server or our client. A run that ends without counts, or badly, is a failure. */
async function run(path: string, mode: Mode, extra: readonly string[]): Promise<Counts> {
  const config = join(root, "test", "conformance", `${mode}.yaml`);
  const program = fileURLToPath(new URL(`./${mode}.js`, import.meta.url));
  console.log(`${mode} under test`);
  const startedAt = performance.now();
  const child = spawn(path, ["--conf", config, "--mode", mode, ...extra, "--", process.execPath, program], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let counts: Counts | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const [, good, bad] = /^(\d+) passed, (\d+) failed/.exec(line) ?? [];
    if (good !== undefined) counts = { passed: Number(good), failed: Number(bad) };
    console.log(`  ${line}`);
  }
  const [code] = await exited;
  console.log(`  ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  if (counts === undefined || (code !== 0 && counts.failed === 0)) {
    console.log(`  the runner ended with ${code}`);
    return { passed: counts?.passed ?? 0, failed: 1 };
  }
  return counts;
}

function end(message: string, code: number): never {
  console.log(message);
  process.exit(code);
}
