// For *.test.ts only: every message type that there is generated code for.

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { DescFile, DescMessage } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";

/** The message types of every file under gen/ts, and of all that they import. */
export async function generatedMessages(): Promise<DescMessage[]> {
  const root = new URL("../../gen/ts/", import.meta.url);
  const files = new Set<DescFile>();
  for (const name of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith("_pb.ts")) continue;
    // Generated files export their own descriptor beside those of messages, enums and services.
    const module = (await import(fileURLToPath(new URL(name, root)))) as Record<string, { kind?: string }>;
    for (const desc of Object.values(module)) if (desc.kind === "file") files.add(desc as DescFile);
  }
  for (const file of files) for (const imported of file.dependencies) files.add(imported);
  return [...files].flatMap((file) => [...nestedTypes(file)].filter((desc) => desc.kind === "message"));
}
