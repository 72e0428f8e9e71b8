// `npm run gen`: fills third_party/ and makes gen/ from the contracts. `npm run gen -- --check` makes it in a temporary
// folder and fails if the committed gen/ differs. The Go half needs the Go toolchain: without it, it is skipped with a
// message, or is an error when CI is set.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const check = process.argv.includes("--check");
const out = check ? mkdtempSync(join(tmpdir(), "trunkline-gen-")) : root;

run(process.execPath, ["scripts/vendor-protos.mjs"]);
const buf = join(root, "node_modules/.bin/buf");
run(buf, ["generate", "--output", out]);
run(buf, ["build", "proto", "--output", join(out, "gen/contract.binpb")]);
const hasGo = spawnSync("go", ["version"]).status === 0;
if (hasGo) {
  run(buf, ["generate", "--template", "buf.gen.go.yaml", "--output", out]);
} else if (process.env.CI) {
  fail("Go is needed to generate gen/go, and CI is set.");
} else {
  console.log("gen: Go is not installed: gen/go is left as it is.");
  if (check) cpSync(join(root, "gen/go"), join(out, "gen/go"), { recursive: true });
}

if (check) {
  const diff = spawnSync("diff", ["-r", "-q", join(root, "gen"), join(out, "gen")], { encoding: "utf8" });
  rmSync(out, { recursive: true, force: true });
  if (diff.status !== 0) fail(`gen/ is not what the contracts generate. Run: npm run gen\n${diff.stdout}`);
  console.log("gen: gen/ is what the contracts generate.");
}

function run(command, args) {
  const path = `${join(root, "node_modules/.bin")}:${process.env.PATH ?? ""}`;
  execFileSync(command, args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, PATH: path },
  });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
