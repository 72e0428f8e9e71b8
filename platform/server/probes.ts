import type { Metrics } from "../telemetry/metrics.js";
import type { Exchange } from "./exchange.js";
import type { Readiness } from "./health.js";

/** Serves /livez, /readyz and /metrics; false for every other request. Probes need no credential. */
export function probes(readiness: Readiness, metrics: Metrics): (exchange: Exchange) => boolean {
  const text = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
  return (exchange) => {
    if (exchange.method !== "GET" && exchange.method !== "HEAD") return false;
    switch (exchange.target) {
      case "/livez":
        exchange.send(200, { ...text }, "ok\n");
        return true;
      case "/readyz":
        exchange.send(
          readiness.ready ? 200 : 503,
          { ...text },
          readiness.ready ? "ok\n" : `${readiness.reason}\n`,
        );
        return true;
      case "/metrics":
        metrics.registry.metrics().then(
          (body) => exchange.send(200, { ...text, "content-type": metrics.registry.contentType }, body),
          () => exchange.send(500, { ...text }, "metrics could not be read\n"),
        );
        return true;
      default:
        return false;
    }
  };
}
