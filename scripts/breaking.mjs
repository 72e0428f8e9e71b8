// `npm run breaking`: compares the contracts with those before their last change, or with BREAKING_AGAINST (a git ref,
// such as origin/main). A commit carries its contracts whole as gen/contract.binpb. Without history there is nothing to
// compare.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const against = process.env.BREAKING_AGAINST || before();
if (against === undefined) {
  console.log("breaking: these are the first contracts; there is nothing to compare them with.");
} else {
  const folder = mkdtempSync(join(tmpdir(), "trunkline-breaking-"));
  const image = join(folder, "contract.binpb");
  writeFileSync(
    image,
    execFileSync("git", ["show", `${against}:gen/contract.binpb`], { maxBuffer: 2 ** 28 }),
  );
  const args = ["buf", "breaking", "proto", "--against", image, "--exclude-imports"];
  const { status } = spawnSync("npx", args, { stdio: "inherit" });
  rmSync(folder, { recursive: true });
  if (status === 0) console.log(`breaking: compatible with ${against.slice(0, 12)}.`);
  process.exitCode = status ?? 1;
}

/** The newest commit whose contracts differ from those of the checkout. */
function before() {
  const commits = git("log", "--format=%H", "-n", "100", "--", "proto").split("\n").filter(Boolean);
  const current = git("rev-parse", "HEAD:proto");
  return commits.find((commit) => tree(commit) !== undefined && tree(commit) !== current);
}

function tree(commit) {
  const { status, stdout } = spawnSync("git", ["rev-parse", `${commit}:proto`], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

function git(...args) {
  return execFileSync("git", args, { encoding: "utf8" }).trim();
}
