import { create, type DescField, type Message } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import type { MethodPlan } from "../contract/plan.js";
import { placeOf, type Place } from "./place.js";

/** How the update mask of a method follows from its JSON body (TRANSCODING 6.8). */
export interface UpdateMask {
  /** Whether the body replaces the resource: the mask is `*`. */
  readonly replaces: boolean;
  /** Sets the mask, unless the client did. Path-bound fields are left out. */
  fill(message: Message, paths: readonly string[]): void;
}

/**
 * The update mask of a binding; undefined if it has none. `patchField` is the field that PATCH fills where the method
 * names none.
 *
 * @throws Error if the method names a field that is no singular FieldMask.
 */
export function updateMaskOf(
  { method, methodRest, name }: MethodPlan,
  httpMethod: string,
  body: DescField,
  pathPlaces: readonly Place[],
  patchField: string,
): UpdateMask | undefined {
  const named = methodRest.updateMask;
  const field = method.input.fields.find((f) => f.name === (named || patchField));
  const isMask = field?.message?.typeName === FieldMaskSchema.typeName && field.fieldKind === "message";
  if (named !== "" && !isMask)
    throw new Error(`${name} fills ${named}, which is not a FieldMask of its request`);
  if (!isMask || body.fieldKind !== "message" || (named === "" && httpMethod !== "PATCH")) return undefined;
  const replaces = methodRest.replaceOn.some((m) => m.toUpperCase() === httpMethod);
  const place = placeOf([field]);
  const bound = new Set(
    pathPlaces
      .filter((p) => p.chain[0] === body)
      .map((p) =>
        p.chain
          .slice(1)
          .map((f) => f.name)
          .join("."),
      ),
  );
  return {
    replaces,
    fill(message, paths) {
      if (place.get(message) !== undefined) return;
      const given = replaces ? ["*"] : paths.filter((path) => !bound.has(path));
      place.set(message, create(FieldMaskSchema, { paths: given }));
    },
  };
}
