// Hot path: runs for every request whose template has a variable.
import type { DescMessage, Message } from "@bufbuild/protobuf";
import { within } from "../codec/json-refusal.js";
import { Violation } from "../codec/json.js";
import type { Place } from "./place.js";
import { findSlot, type TextReader, type TextStyle } from "./slot.js";
import type { Template, Variable } from "./template.js";

/** Reads the variables of a path into a message (TRANSCODING section 3). */
export interface PathBinder {
  /** The places that it fills. */
  readonly places: readonly Place[];
  /** Appends to `violations` what does not fit its field. `segments` are those that the template matched. */
  bind(message: Message, segments: readonly string[], violations: Violation[]): void;
}

/**
 * Compiles the variables of a template.
 *
 * @throws Error if a field does not exist, is bound twice, or is of a type that no path can hold.
 */
export function pathBinder(template: Template, message: DescMessage, style: TextStyle): PathBinder {
  const variables = template.variables.map((variable) => compile(variable, message, style));
  const places = variables.map((v) => v.place);
  for (const [i, { path }] of places.entries()) {
    if (places.findIndex((p) => p.path === path) < i) throw new Error(`field ${path} is bound twice`);
  }
  return {
    places,
    bind(message, segments, violations) {
      for (const variable of variables) {
        try {
          variable.place.set(message, variable.read(valueOf(variable, segments)));
        } catch (error) {
          const violation = within(variable.place.path, error);
          if (!(violation instanceof Violation)) throw violation;
          violations.push(violation);
        }
      }
    },
  };
}

interface CompiledVariable extends Variable {
  readonly place: Place;
  readonly read: TextReader;
}

function compile(variable: Variable, message: DescMessage, style: TextStyle): CompiledVariable {
  const slot = findSlot(message, variable.field, style);
  if (slot === undefined)
    throw new Error(`${message.typeName} has no field ${variable.field} that a path can reach`);
  if (slot.kind !== "single" && slot.kind !== "mask") {
    throw new Error(`field ${variable.field} of ${message.typeName} is of a type that a path cannot hold`);
  }
  return { ...variable, place: slot, read: slot.read };
}

function valueOf({ start, end, multiple }: Variable, segments: readonly string[]): string {
  if (multiple) return segments.slice(start, end).map(decodeKeepingSlash).join("/");
  const segment = segments[start] ?? "";
  return segment.includes("%") ? decodeURIComponent(segment) : segment;
}

/** An encoded slash stays as written: it must not look like one between segments (TRANSCODING 3.2). */
function decodeKeepingSlash(segment: string): string {
  if (!segment.includes("%")) return segment;
  return decodeURIComponent(segment.replaceAll(/%2f/gi, (escape) => `%25${escape.slice(1)}`));
}
