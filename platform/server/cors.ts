// Cross-origin requests of browsers (Fetch standard, CORS protocol), for Connect, gRPC-Web and REST.
import { cors } from "@connectrpc/connect";
import type { Exchange, OutgoingRecord } from "./exchange.js";

/** Which web pages may call. */
export interface CorsOptions {
  /** Origins such as "https://dash.example.com", compared exactly; "*" for every origin. Credentials are never allowed. */
  readonly origins: readonly string[];
  /** Seconds that a browser may remember the answer to a preflight. */
  readonly maxAgeSeconds: number;
}

/** Handles CORS: `preflight` answers preflights (true: it has), `headers` are those of every other answer. */
export interface Cors {
  preflight(exchange: Exchange): boolean;
  headers(exchange: Exchange): OutgoingRecord | undefined;
}

const methods = "DELETE, GET, HEAD, PATCH, POST, PUT";
const requestHeaders = [
  ...cors.allowedHeaders,
  "authorization",
  "grpc-timeout",
  "idempotency-key",
  "if-match",
  "if-none-match",
  "traceparent",
  "tracestate",
  "x-request-id",
].join(", ");
const exposedHeaders = [...cors.exposedHeaders, "etag", "link", "retry-after", "x-request-id"].join(", ");

/** CORS for these origins; undefined if there are none. */
export function createCors({ origins, maxAgeSeconds }: CorsOptions): Cors | undefined {
  if (origins.length === 0) return undefined;
  const any = origins.includes("*");
  const allowed = new Set(origins);

  const originOf = (exchange: Exchange): string | undefined => {
    const origin = exchange.headers["origin"];
    if (typeof origin !== "string" || !(any || allowed.has(origin))) return undefined;
    return any ? "*" : origin;
  };
  const headers = (exchange: Exchange): OutgoingRecord | undefined => {
    const origin = originOf(exchange);
    if (origin === undefined) return undefined;
    const record: OutgoingRecord = {
      "access-control-allow-origin": origin,
      "access-control-expose-headers": exposedHeaders,
    };
    if (origin !== "*") record["vary"] = "origin";
    return record;
  };
  return {
    headers,
    preflight(exchange) {
      if (exchange.method !== "OPTIONS" || exchange.headers["access-control-request-method"] === undefined)
        return false;
      const record = headers(exchange);
      if (record === undefined) {
        exchange.send(403, {});
        return true;
      }
      delete record["access-control-expose-headers"];
      exchange.send(204, {
        ...record,
        "access-control-allow-methods": methods,
        "access-control-allow-headers": requestHeaders,
        "access-control-max-age": String(maxAgeSeconds),
      });
      return true;
    },
  };
}
