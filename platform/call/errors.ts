import { getOption, hasOption, type DescEnum, type DescEnumValue } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "../../gen/ts/google/rpc/error_details_pb.js";
import { error as errorOption, ReasonSchema, type ErrorRule } from "../../gen/ts/trunkline/v1/error_pb.js";

/** A field that breaks a rule, with a sentence and a machine-readable reason. */
export interface FieldViolation {
  /** json_name path from the request message; "" for the message as a whole. */
  readonly field: string;
  readonly description: string;
  readonly reason: string;
}

/** What an error carries besides its reason. */
export interface FailureDetail {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly violations?: readonly FieldViolation[];
  /** When to try again, in milliseconds: RetryInfo, and Retry-After over REST. */
  readonly retryAfterMs?: number;
  /** Logged with the call, never sent. */
  readonly cause?: unknown;
}

/** The name of a reason on the wire and where it belongs, with its rule. */
export interface ReasonEntry {
  /** The enum value without the prefix of its enum: ZONE_REASON_ZONE_NOT_FOUND is "ZONE_NOT_FOUND". */
  readonly reason: string;
  /** The package of the enum: "controlplane.zones.v1". */
  readonly domain: string;
  readonly rule: ErrorRule;
}

/**
 * Makes errors with the reasons of one enum: code and reason come from the contract, the message is said here.
 *
 * The message may be read by anyone: lower case, one line, no internals. What helps to find the fault goes in `cause`.
 *
 *     const fail = reasons(ZoneReasonSchema);
 *     throw fail(ZoneReason.ZONE_NOT_FOUND, `zone ${id} not found`);
 */
export function reasons(
  schema: DescEnum,
): (reason: number, message: string, detail?: FailureDetail) => ConnectError {
  const entries = new Map(reasonEntries(schema));
  return (reason, message, detail) => {
    const entry = entries.get(reason);
    if (entry === undefined) throw new Error(`${schema.typeName} ${reason} has no trunkline.v1.error option`);
    const failure = new ConnectError(message, codeOf(entry.rule), undefined, undefined, detail?.cause);
    failure.details.push({
      desc: ErrorInfoSchema,
      value: { reason: entry.reason, domain: entry.domain, metadata: { ...detail?.metadata } },
    });
    if (detail?.violations !== undefined && detail.violations.length > 0) {
      failure.details.push({
        desc: BadRequestSchema,
        value: { fieldViolations: detail.violations.map((v) => ({ ...v })) },
      });
    }
    if (detail?.retryAfterMs !== undefined) {
      failure.details.push({
        desc: RetryInfoSchema,
        value: { retryDelay: durationFromMs(Math.ceil(detail.retryAfterMs)) },
      });
    }
    return failure;
  };
}

/** The code of a rule: google.rpc.Code and connect-es number the failures alike. */
function codeOf(rule: ErrorRule): Code {
  const code: number = rule.code;
  return code;
}

/** The reasons of an enum with their rules, by number. Values without the error option are left out. */
export function reasonEntries(schema: DescEnum): [number, ReasonEntry][] {
  return schema.values
    .filter((value) => hasOption(value, errorOption))
    .map((value) => [
      value.number,
      { reason: reasonName(value), domain: schema.file.proto.package, rule: getOption(value, errorOption) },
    ]);
}

/** The platform's own failures. */
export const fail = reasons(ReasonSchema);

/** The reason of an error, from its ErrorInfo; undefined if it carries none. */
export function reasonOf(error: ConnectError): { reason: string; domain: string } | undefined {
  const [info] = error.findDetails(ErrorInfoSchema);
  return info === undefined ? undefined : { reason: info.reason, domain: info.domain };
}

/**
 * What a thrown value is to a caller: a ConnectError as it is; everything else an INTERNAL error that says nothing, with
 * the value as its cause.
 */
export function toConnectError(thrown: unknown): ConnectError {
  if (thrown instanceof ConnectError) return thrown;
  return new ConnectError("internal error", Code.Internal, undefined, undefined, thrown);
}

function reasonName(value: DescEnumValue): string {
  const prefix = value.parent.sharedPrefix?.toUpperCase() ?? "";
  return value.name.startsWith(prefix) ? value.name.slice(prefix.length) : value.name;
}
