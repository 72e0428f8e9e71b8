// `npm run lock`, after `npm install`: a registry that does not serve the binaries of every platform leaves them out of
// package-lock.json, and `npm ci` then refuses the file. This adds them, with the version that their package asks for and
// the platform that their name tells, so that the file is whole and other platforms still get theirs.
import { readFileSync, writeFileSync } from "node:fs";

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const systems = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const processors = [
  "arm64",
  "arm",
  "ia32",
  "loong64",
  "mips64el",
  "ppc64",
  "riscv64",
  "s390x",
  "wasm32",
  "x64",
];
const aliases = { windows: "win32", aarch64: "arm64", armv7: "arm", "arm-gnueabihf": "arm", x86_64: "x64" };

let added = 0;
for (const [parent, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(parent, name)) continue;
    lock.packages[`node_modules/${name}`] = {
      version,
      ...platformOf(name),
      ...(entry.dev && { dev: true }),
      optional: true,
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync("package-lock.json", `${JSON.stringify(lock, undefined, 2)}\n`);
console.log(`lock: ${added} packages of other platforms added.`);

/** Whether a package finds a dependency, in its own node_modules or in one further out. */
function isLocked(parent, name) {
  for (
    let folder = parent;
    ;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))
  ) {
    const path = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (lock.packages[path] !== undefined) return true;
    if (folder === "") return false;
  }
}

/** The platform of a package such as "@swc/core-linux-arm64-gnu". */
function platformOf(name) {
  let text = name.slice(name.indexOf("/") + 1);
  for (const [alias, known] of Object.entries(aliases)) text = text.replace(alias, known);
  const os = systems.find((system) => text.includes(system));
  const cpu = processors.find((processor) => text.includes(processor));
  const libc = /musl/.test(text) ? "musl" : /linux.*(gnu|glibc)/.test(text) ? "glibc" : undefined;
  if (os === undefined && cpu === undefined) throw new Error(`lock: which platform is ${name} for?`);
  return { ...(cpu && { cpu: [cpu] }), ...(libc && { libc: [libc] }), ...(os && { os: [os] }) };
}
