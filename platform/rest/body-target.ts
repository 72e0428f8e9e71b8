import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { HttpBodySchema } from "../../gen/ts/google/api/httpbody_pb.js";
import type { MethodPlan } from "../contract/plan.js";
import { updateMaskOf, type UpdateMask } from "./mask.js";
import { placeOf, type Place } from "./place.js";
import type { Template } from "./template.js";

/** One google.api.http rule. */
export interface HttpBinding {
  readonly httpMethod: string;
  readonly template: Template;
  /** "*", the name of a field, or "" for none. */
  readonly body: string;
}

/**
 * What the body of a binding fills: the whole message (without a place), one field of it, or nothing. A
 * google.api.HttpBody, the message or a field, takes the body `raw`, whatever its type.
 */
export type BodyTarget =
  | { readonly kind: "whole"; readonly place: undefined }
  | { readonly kind: "field"; readonly place: Place; readonly mask: UpdateMask | undefined }
  | { readonly kind: "raw"; readonly place: Place | undefined }
  | { readonly kind: "none" };

/**
 * The body target of a rule. `path` has the places that its template fills.
 *
 * @throws Error if the rule cannot have this body (TRANSCODING 1.7).
 */
export function bodyTargetOf(
  plan: MethodPlan,
  { httpMethod, body }: HttpBinding,
  path: readonly Place[],
  patchMaskField: string,
): BodyTarget {
  const { input } = plan.method;
  if (body === "") return { kind: "none" };
  if (bodiless.has(httpMethod)) throw new Error(`${httpMethod} has a body`);
  if (body === "*") return { kind: isHttpBody(input) ? "raw" : "whole", place: undefined };
  const field = input.fields.find((f) => f.name === body);
  if (field === undefined) throw new Error(`${input.typeName} has no field ${body} for the body`);
  if (path.some((place) => bindsAll(place, field))) throw new Error(`the path binds the body field ${body}`);
  const place = placeOf([field]);
  if (field.fieldKind === "message" && isHttpBody(field.message)) return { kind: "raw", place };
  return { kind: "field", place, mask: updateMaskOf(plan, httpMethod, field, path, patchMaskField) };
}

const bodiless = new Set(["GET", "HEAD", "DELETE"]);

function bindsAll({ chain }: Place, field: DescField): boolean {
  return chain.length === 1 && chain[0] === field;
}

function isHttpBody(message: DescMessage): boolean {
  return message.typeName === HttpBodySchema.typeName;
}
