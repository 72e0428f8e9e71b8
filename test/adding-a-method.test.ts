// Follows docs/adding-a-method.md to the letter, in a copy of the repository.
import { execFileSync, spawn, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";

interface Block {
  readonly path: string;
  /** The line that the block goes below; undefined: the end of the file. */
  readonly inside: string | undefined;
  readonly text: string;
}

const page = readFileSync("docs/adding-a-method.md", "utf8");
const blocks: Block[] = [
  ...page.matchAll(/^```\w+ (\S+), (?:inside (.+)|at the end)\n([\s\S]*?)^```$/gm),
].map(([, path = "", inside, text = ""]) => ({ path, inside, text }));
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "trunkline-method-"));
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
  });
  const wanted =
    /^(platform|services|bin|gen|proto|test|scripts|examples)\/|^[^/]+\.(json|yaml|mjs|mod|sum)$/;
  for (const file of files.split("\n").filter((f) => wanted.test(f)))
    cpSync(file, join(copy, file), { recursive: true });
  symlinkSync(join(process.cwd(), "node_modules"), join(copy, "node_modules"));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

function insert({ path, inside, text }: Block): void {
  const file = join(copy, path);
  const before = readFileSync(file, "utf8");
  if (inside === undefined) return writeFileSync(file, `${before}\n${text}`);
  const at = before.indexOf(inside);
  if (at < 0) throw new Error(`${path} has no line with "${inside}"`);
  const lineEnd = before.indexOf("\n", at) + 1;
  writeFileSync(file, before.slice(0, lineEnd) + text + before.slice(lineEnd));
}

function run(command: string, ...args: string[]): SpawnSyncReturns<string> {
  // Go's half of the generated code takes no part in this.
  const env = { ...process.env, CI: "" };
  return spawnSync(command, args, { cwd: copy, encoding: "utf8", env });
}

const compile = () => run("npx", "tsc", "-p", ".", "--noEmitOnError", "false");
const generate = () => run("npx", "buf", "generate");

test("the page has a block for each file that it names", () => {
  expect(blocks.map((b) => b.path)).toEqual([
    "proto/controlplane/zones/v1/zones.proto",
    "proto/controlplane/zones/v1/zones.proto",
    "services/zones/handlers.ts",
    "services/zones/zones.test.ts",
    "test/doors/zones-examples.ts",
  ]);
});

test("the contract alone does not compile: the handler is missing", () => {
  expect(run("node", "scripts/vendor-protos.mjs").status).toBe(0);
  for (const block of blocks.filter((b) => b.path.endsWith(".proto"))) insert(block);
  expect(generate()).toMatchObject({ status: 0 });
  const { status, stdout } = compile();
  expect(status).not.toBe(0);
  expect(stdout).toMatch(/services\/zones\/handlers\.ts.*countZones|Property 'countZones' is missing/);
}, 120_000);

test("with the handler it compiles, and the method's own test passes", () => {
  for (const block of blocks.filter((b) => b.path.endsWith(".ts"))) insert(block);
  expect(compile()).toMatchObject({ status: 0, stdout: "" });
  const jest = run(
    "node",
    "--experimental-vm-modules",
    "--no-warnings",
    "node_modules/jest/bin/jest.js",
    "services/zones",
  );
  expect(jest.stderr).toMatch(/a reader counts the zones of the account/);
  expect(jest).toMatchObject({ status: 0 });
}, 180_000);

test("without the policy the server does not start, and says where", async () => {
  const file = join(copy, "proto/controlplane/zones/v1/zones.proto");
  const contract = readFileSync(file, "utf8");
  const policy =
    /(\{get: "\/client\/v4\/zones\/count"\};\n)\s+option \(trunkline\.v1\.policy\) = \{[\s\S]*?\n {4}\};\n/;
  expect(contract).toMatch(policy);
  writeFileSync(file, contract.replace(policy, "$1"));
  const line = contract.split("\n").findIndex((l) => l.includes("rpc CountZones")) + 1;
  expect(generate()).toMatchObject({ status: 0 });
  expect(run("npx", "buf", "build", "proto", "--output", "gen/contract.binpb")).toMatchObject({ status: 0 });
  expect(compile()).toMatchObject({ status: 0 });
  const env = {
    ...process.env,
    TRUNKLINE_PUBLIC_ADDR: "127.0.0.1:0",
    TRUNKLINE_INTERNAL_ADDR: "127.0.0.1:0",
  };
  const server = spawn(process.execPath, ["dist/bin/serve.js"], { cwd: copy, env });
  let said = "";
  server.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(server, "exit")) as [number];
  expect(code).toBe(1);
  expect(said).toContain(
    `proto/controlplane/zones/v1/zones.proto:${line}: controlplane.zones.v1.ZoneService.CountZones has no policy`,
  );
}, 120_000);
