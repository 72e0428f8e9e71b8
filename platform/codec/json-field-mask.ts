import type { FieldMask } from "@bufbuild/protobuf/wkt";

import { refusal } from "./json-refusal.js";

const camelSentence = "must be a list of paths in camelCase";

/**
 * Reads a FieldMask of a path or query: comma-separated paths in camelCase or snake_case, stored in snake_case, equal
 * ones once (TRANSCODING.md 4.7). Throws Violation.
 */
export function parseFieldMaskText(text: string): FieldMask {
  const paths = splitPaths(text).map((path) => {
    const snake = path.includes("_") ? path : toSnakeCase(path);
    if (!isReversible(snake)) throw refusal("INVALID_VALUE", "must be a list of field paths", path);
    return snake;
  });
  return { $typeName: "google.protobuf.FieldMask", paths: [...new Set(paths)] };
}

/** Reads the JSON form of a FieldMask: paths in camelCase only, kept in number and order. Throws Violation. */
export function parseFieldMaskJson(text: string): FieldMask {
  const paths = splitPaths(text).map((path) => {
    if (path.includes("_")) throw refusal("INVALID_VALUE", camelSentence, path);
    return toSnakeCase(path);
  });
  return { $typeName: "google.protobuf.FieldMask", paths };
}

/** Writes the JSON form. Throws Error for a path whose camelCase means another path. */
export function formatFieldMask({ paths }: FieldMask): string {
  for (const path of paths) {
    if (!isReversible(path)) throw new Error("a FieldMask has a path that JSON cannot say");
  }
  return paths.map(toCamelCase).join(",");
}

function splitPaths(text: string): string[] {
  if (text === "") return [];
  const paths = text.split(",");
  for (const path of paths) {
    if (!/^(?:\*|[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)$/.test(path)) {
      throw refusal("INVALID_VALUE", "must be a list of field paths", path);
    }
  }
  return paths;
}

function isReversible(snake: string): boolean {
  return toSnakeCase(toCamelCase(snake)) === snake;
}

function toSnakeCase(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** As protoc makes json_names: an underscore goes, and a letter after it becomes upper case. */
function toCamelCase(snake: string): string {
  return snake.replace(/_+([^_]?)/g, (_, letter: string) => letter.toUpperCase());
}
