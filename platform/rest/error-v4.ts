import type { DescMessage } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "../../gen/ts/google/rpc/error_details_pb.js";
import type { PublicEntry } from "../../gen/ts/trunkline/v1/error_pb.js";
import type { ReasonEntry } from "../call/errors.js";
import { formatFieldPath, formatPointer, readFieldPath, type PathStep } from "./field-path.js";
import { anchorOf } from "./reasons.js";
import { v4StatusOf } from "./status.js";

/** Where the fields of a request come from, to tell a client where in its body a violation is. */
export interface RequestShape {
  readonly message: DescMessage;
  readonly names: "json" | "proto";
  /** "*", the name of the field that the body fills, or "" without a body. */
  readonly body: string;
  /** json_name paths of the fields that the path fills. */
  readonly path: readonly string[];
}

/** The parts of a failure that the envelope shows. */
export interface Failure {
  readonly error: ConnectError;
  readonly code: Code;
  readonly entry: ReasonEntry | undefined;
  /** The id under which the log has the cause; "" without. */
  readonly requestId: string;
}

interface V4Error {
  readonly code: number;
  readonly message: string;
  readonly documentation_url?: string;
  readonly source?: { readonly pointer: string };
  readonly error_chain?: readonly { readonly code: number; readonly message: string }[];
}

/** HTTP status of a failure in the v4 style: the reason's own, or that of its code, which is never 409. */
export function v4Status({ code, entry }: Failure): number {
  return entry?.rule.v4?.httpStatus || entry?.rule.httpStatus || v4StatusOf(code).status;
}

/**
 * A failure in the v4 envelope: one entry for each violation with a pointer into the body, else the reason's number and
 * its further ones (CLOUDFLARE-V4 1.1, 1.3 and 4.3). `docsUrl` is the errors page; without it no entry has a link.
 */
export function v4Body(
  failure: Failure,
  shape: RequestShape | undefined,
  docsUrl: string | undefined,
): string {
  const { error, code, entry } = failure;
  const v4 = entry?.rule.v4;
  const number = v4?.number || v4StatusOf(code).number;
  const link =
    docsUrl === undefined || entry === undefined
      ? {}
      : { documentation_url: `${docsUrl}#${anchorOf(entry)}` };
  const violations = error.findDetails(BadRequestSchema).flatMap((d) => d.fieldViolations);
  const text = messageOf(failure);
  const errors: V4Error[] = violations.map((v) => ({
    code: number,
    ...describe(v.field, v.description, shape),
    ...link,
  }));
  if (errors.length === 0) {
    const show = (e: PublicEntry) => ({ code: e.number, message: e.text || text });
    const chain = v4 === undefined || v4.chain.length === 0 ? {} : { error_chain: v4.chain.map(show) };
    errors.push(
      { code: number, message: v4?.text || text, ...link, ...chain },
      ...(v4?.also.map(show) ?? []),
    );
  }
  return `{"result":null,"success":false,"errors":${JSON.stringify(errors)},"messages":[]}`;
}

function messageOf({ error, code, requestId }: Failure): string {
  const ours = code === Code.Internal || code === Code.Unknown || code === Code.DataLoss;
  return ours && requestId !== "" ? `${error.rawMessage} (request ${requestId})` : error.rawMessage;
}

function describe(
  field: string,
  description: string,
  shape: RequestShape | undefined,
): Pick<V4Error, "message" | "source"> {
  if (field === "" || shape === undefined)
    return { message: field === "" ? description : `${field}: ${description}` };
  const steps = readFieldPath(shape.message, field, shape.names);
  const message = `${formatFieldPath(steps)}: ${description}`;
  const inBody = bodySteps(field, steps, shape);
  return inBody === undefined ? { message } : { message, source: { pointer: formatPointer(inBody) } };
}

/** The steps of a path from the root of the body; undefined if the field does not come from it. */
function bodySteps(
  field: string,
  steps: readonly PathStep[],
  { message, body, names, path }: RequestShape,
): readonly PathStep[] | undefined {
  if (body === "" || path.includes(formatFieldPath(readFieldPath(message, field, "json")))) return undefined;
  if (body === "*") return steps;
  const [root] = readFieldPath(message, body, names);
  return steps[0]?.text === root?.text ? steps.slice(1) : undefined;
}
