import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromBinary, type DescMethod } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

/**
 * Where a method is written, as "proto/controlplane/zones/v1/zones.proto:42"; without the line if the descriptor set
 * of the build does not have the file. Generated code carries no line numbers, `gen/contract.binpb` does.
 */
export function locationOf(method: DescMethod): string {
  const name = `${method.parent.file.name}.proto`;
  const line = lineOf(method, name);
  return line === undefined ? name : `proto/${name}:${line}`;
}

function lineOf(method: DescMethod, name: string): number | undefined {
  const path = descriptorSetPath();
  if (path === undefined) return undefined;
  const file = fromBinary(FileDescriptorSetSchema, readFileSync(path)).file.find((f) => f.name === name);
  const service = file?.service.findIndex((s) => s.name === method.parent.name) ?? -1;
  const index = file?.service[service]?.method.findIndex((m) => m.name === method.name) ?? -1;
  // descriptor.proto: FileDescriptorProto.service is field 6, ServiceDescriptorProto.method is field 2.
  const wanted = [6, service, 2, index].join();
  const span = file?.sourceCodeInfo?.location.find((l) => l.path.join() === wanted)?.span;
  return span?.[0] === undefined ? undefined : span[0] + 1;
}

function descriptorSetPath(): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const path = join(folder, "gen/contract.binpb");
    if (existsSync(path)) return path;
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}
