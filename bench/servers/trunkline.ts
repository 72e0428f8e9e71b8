// Ours, with the full plan: trace, observe, deadline, authenticate, limit, authorize, validate.
import { devNull } from "node:os";
import { RecordService } from "../../gen/ts/perf/v1/perf_pb.js";
import { RateClass } from "../../gen/ts/trunkline/v1/policy_pb.js";
import type { Principal } from "../../platform/call/principal.js";
import { defineService } from "../../platform/contract/service.js";
import { defaultRates } from "../../platform/server/rates.js";
import { createServer } from "../../platform/server/server.js";
import { createLog } from "../../platform/telemetry/log.js";
import { createTelemetry } from "../../platform/telemetry/telemetry.js";
import { recordHandlers } from "../workload/handlers.js";
import { bearerToken } from "../workload/wire.js";
import { serveBench } from "./serve.js";

/** A warm token cache: what is left of authentication in a server that has seen the token before. */
const principals = new Map<string, Principal>([
  [
    bearerToken,
    { kind: "token", id: "bench", permissions: new Set(["record.read"]), accounts: new Set(["bench"]) },
  ],
]);

/** A limit that is counted and never reached. */
const unreached = { units: 1_000_000_000, periodMs: 1000 };

serveBench(async (wire) => {
  // A line a call, formatted and written in blocks as in production, to where it takes no disk.
  const log = createLog("info", devNull);
  const anyPort = { host: "127.0.0.1", port: 0 };
  const server = createServer({
    services: [defineService(RecordService, recordHandlers)],
    telemetry: createTelemetry(log),
    internal: anyPort,
    public: anyPort,
    verifiers: { apiToken: (token) => principals.get(token) },
    rates: { ...defaultRates, [RateClass.READ]: unreached },
    // All connections of the load have one address.
    limits: { connectionsPerPeerMax: 10_000 },
  });
  const listeners = await server.start();
  const listener = wire === "rest-h1" ? listeners.public : listeners.internal;
  if (listener === undefined) throw new Error("both listeners were asked for");
  return listener.port;
});
