import type { Header } from "../../gen/ts/connectrpc/conformance/v1/service_pb.js";

/** The suite's form of headers, without what only protobuf adds. */
export type HeaderInit = Pick<Header, "name" | "value">;

/** Adds the suite's headers to a set of headers, each value on its own. */
export function appendTo(headers: Headers, added: readonly Header[]): void {
  for (const { name, value } of added) for (const v of value) headers.append(name, v);
}

/** The suite's headers as a set of headers. */
export function headersFromSuite(from: readonly Header[]): Headers {
  const headers = new Headers();
  appendTo(headers, from);
  return headers;
}

/** Headers, or anything of the same form, as the suite wants them: values by name. */
export function headersToSuite(headers: Iterable<[string, string]>): HeaderInit[] {
  const byName = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const values = byName.get(name);
    if (values === undefined) byName.set(name, [value]);
    else values.push(value);
  }
  return [...byName].map(([name, value]) => ({ name, value }));
}
