// The rules of ARCHITECTURE.md section 3 and of STYLE.md that a machine can check.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "@jest/globals";

const folders = ["platform", "services", "bin", "test", "bench", "examples", "edge"];
const sources = folders.flatMap(filesIn).filter((path) => path.endsWith(".ts"));
// What tests are made of, beside them, counts as test.
const code = sources.filter((path) => !/(\.test|\/test-[\w-]+)\.ts$/.test(path));

function filesIn(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesIn(path) : [path];
  });
}

/** What a file imports: own files as paths from the root, packages by name. */
function importsOf(path: string): string[] {
  const text = readFileSync(path, "utf8");
  return [
    ...text.matchAll(/^(?:import|export)\s[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|import\("([^"]+)"\)/gm),
  ].map((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? "";
    return name.startsWith(".") ? normalize(join(dirname(path), name)) : name;
  });
}

function offenders(from: RegExp, isForbidden: (imported: string, path: string) => boolean): string[] {
  return code
    .filter((path) => from.test(path))
    .flatMap((path) =>
      importsOf(path)
        .filter((i) => isForbidden(i, path))
        .map((i) => `${path} imports ${i}`),
    );
}

test("the rules look at real files", () => {
  expect(sources.length).toBeGreaterThan(50);
  expect(importsOf("services/zones/handlers.ts")).toContain("platform/contract/service.js");
});

describe("who may import whom", () => {
  test("platform knows no domain", () => {
    const own = /^(platform\/|gen\/ts\/(trunkline|google|grpc)\/)/;
    expect(
      offenders(
        /^platform\//,
        (i) => /^(services|bin|test|bench|edge|examples|gen)\//.test(i) && !own.test(i),
      ),
    ).toEqual([]);
  });

  test("handlers know no database, no Redis, no other service", () => {
    const forbidden = (i: string, path: string): boolean => {
      const [, service] = path.split("/");
      const other = i.startsWith("services/") && !i.startsWith(`services/${service}/`);
      return other || i === "pg" || i === "ioredis" || i.startsWith("@connectrpc/");
    };
    expect(offenders(/^services\/\w+\/handlers\.ts$/, forbidden)).toEqual([]);
  });

  test("stores know no RPC and no other service", () => {
    const forbidden = (i: string, path: string): boolean => {
      const [, service] = path.split("/");
      const other = i.startsWith("services/") && !i.startsWith(`services/${service}/`);
      const platform = i.startsWith("platform/") && !/^platform\/(db|call)\//.test(i);
      return other || platform || i.startsWith("@connectrpc/");
    };
    expect(offenders(/^services\/\w+\/store\.ts$/, forbidden)).toEqual([]);
  });

  test("rules do no I/O", () => {
    const forbidden = (i: string): boolean =>
      i.startsWith("node:") || i.startsWith("platform/") || i === "pg";
    expect(offenders(/^services\/\w+\/rules\.ts$/, forbidden)).toEqual([]);
  });

  test("nothing imports bin, and nothing but tests imports platform/testing", () => {
    expect(offenders(/./, (i, path) => i.startsWith("bin/") && !path.startsWith("bin/"))).toEqual([]);
    expect(
      offenders(/^(platform\/(?!testing)|services|bin)/, (i) => i.startsWith("platform/testing/")),
    ).toEqual([]);
  });

  test("process.env is read in the settings only", () => {
    const readers = code.filter(
      (path) => /^(platform|services)\//.test(path) && readFileSync(path, "utf8").includes("process.env"),
    );
    expect(readers).toEqual([]);
  });
});

describe("files", () => {
  test("are at most 500 lines long", () => {
    const long = sources.filter((path) => readFileSync(path, "utf8").split("\n").length > 500);
    expect(long).toEqual([]);
  });

  test("have no name that says nothing", () => {
    const vague = /(^|[/-])(common|shared|utils?|helpers?|lib|misc|index|manager)(\.|\/|-|$)/;
    expect(sources.filter((path) => vague.test(path))).toEqual([]);
  });

  test("leave nothing for later and nothing unchecked", () => {
    const loose = /\b(TODO|FIXME)\b|@ts-(ignore|nocheck|expect-error)/;
    const found = code.filter((path) => loose.test(readFileSync(path, "utf8")));
    expect(found).toEqual([]);
  });
});
