import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { fieldByName } from "./names.js";

/** One step of a violation's path: a field, an index or a map key, as a client knows it. */
export interface PathStep {
  readonly text: string;
  readonly kind: "field" | "index";
}

/**
 * Takes the path of a violation apart (`zone.tags[1]`, `labels["k"]`), with the fields under the names that the service's
 * JSON has. What no descriptor knows stays as it is.
 */
export function readFieldPath(message: DescMessage, path: string, names: "json" | "proto"): PathStep[] {
  const steps: PathStep[] = [];
  let parent: DescMessage | undefined = message;
  for (const [, name, index] of path.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)) {
    if (name === undefined) {
      steps.push({ text: (index ?? "").replaceAll('"', ""), kind: "index" });
      continue;
    }
    const field: DescField | undefined = parent === undefined ? undefined : fieldByName(parent, name);
    steps.push({
      text: field === undefined ? name : names === "proto" ? field.name : field.jsonName,
      kind: "field",
    });
    parent = field?.message;
  }
  return steps;
}

/** The path as text: `zone.tags[1]`. */
export function formatFieldPath(steps: readonly PathStep[]): string {
  return steps.map((s, i) => (s.kind === "index" ? `[${s.text}]` : i === 0 ? s.text : `.${s.text}`)).join("");
}

/** The path as a JSON pointer (RFC 6901). */
export function formatPointer(steps: readonly PathStep[]): string {
  return steps.map((s) => `/${s.text.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
