import { Code } from "@connectrpc/connect";

/** The code with a number; UNKNOWN if there is none. google.rpc.Code, gRPC and connect-es number the failures alike. */
export function codeOfNumber(number: number): Code {
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the number was looked up in the enum
  return number in Code ? number : Code.Unknown;
}
