import type { MethodPolicy } from "../../gen/ts/trunkline/v1/policy_pb.js";

/**
 * The headers that tell caches and clients what the contract says: `Cache-Control`, and for a deprecated method
 * `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `Link`. A handler's own values win.
 */
export function cachingHeaders({ cache, deprecation }: MethodPolicy): Record<string, string> {
  const headers: Record<string, string> = {
    "cache-control":
      cache === undefined
        ? "no-store"
        : `${cache.shared ? "public" : "private"}, max-age=${cache.maxAgeSeconds}`,
  };
  if (deprecation === undefined) return headers;
  if (deprecation.since !== "")
    headers["deprecation"] = `@${Date.parse(`${deprecation.since}T00:00:00Z`) / 1000}`;
  if (deprecation.sunset !== "")
    headers["sunset"] = new Date(`${deprecation.sunset}T00:00:00Z`).toUTCString();
  if (deprecation.link !== "") headers["link"] = `<${deprecation.link}>; rel="deprecation"`;
  return headers;
}
