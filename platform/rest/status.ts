import { Code } from "@connectrpc/connect";

/** HTTP status of an RPC code (TRANSCODING 10.2). */
export function statusOf(code: Code): number {
  switch (code) {
    case Code.Canceled:
      return 499;
    case Code.InvalidArgument:
    case Code.FailedPrecondition:
    case Code.OutOfRange:
      return 400;
    case Code.Unauthenticated:
      return 401;
    case Code.PermissionDenied:
      return 403;
    case Code.NotFound:
      return 404;
    case Code.AlreadyExists:
    case Code.Aborted:
      return 409;
    case Code.ResourceExhausted:
      return 429;
    case Code.Unimplemented:
      return 501;
    case Code.Unavailable:
      return 503;
    case Code.DeadlineExceeded:
      return 504;
    case Code.Unknown:
    case Code.Internal:
    case Code.DataLoss:
      return 500;
  }
}

/** The code itself, or UNKNOWN for a number that is no code (TRANSCODING 10.2). */
export function knownCode(code: Code): Code {
  return code >= Code.Canceled && code <= Code.Unauthenticated ? code : Code.Unknown;
}

/**
 * The code in the body of a failure that this layer made, by its HTTP status (TRANSCODING 10.3). Other protocols know the
 * same failure under another code: they have no 404 for a path.
 */
export const codeOfStatus: ReadonlyMap<number, Code> = new Map([
  [404, Code.NotFound],
  [405, Code.Unimplemented],
  [406, Code.InvalidArgument],
  [408, Code.DeadlineExceeded],
  [412, Code.FailedPrecondition],
  [413, Code.ResourceExhausted],
  [414, Code.InvalidArgument],
  [415, Code.InvalidArgument],
  [431, Code.InvalidArgument],
]);

/** Status and public number of a code in the v4 style, where no reason says better (CLOUDFLARE-V4 4.3). */
export function v4StatusOf(code: Code): { readonly status: number; readonly number: number } {
  switch (code) {
    case Code.InvalidArgument:
    case Code.OutOfRange:
    case Code.FailedPrecondition:
    // Clients of the v4 style repeat a request that was answered 409, so these two are 400.
    case Code.AlreadyExists:
    case Code.Aborted:
      return { status: 400, number: 1001 };
    case Code.Unauthenticated:
      return { status: 403, number: 9109 };
    case Code.PermissionDenied:
      return { status: 403, number: 10000 };
    case Code.NotFound:
      return { status: 404, number: 7003 };
    case Code.ResourceExhausted:
      return { status: 429, number: 10100 };
    case Code.Canceled:
    case Code.Unimplemented:
    case Code.Unavailable:
    case Code.DeadlineExceeded:
    case Code.Unknown:
    case Code.Internal:
    case Code.DataLoss:
      return { status: statusOf(code), number: 1000 };
  }
}
