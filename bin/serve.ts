// The composition root: settings in, a running server out.
import { randomBytes } from "node:crypto";
import { ZoneType } from "../gen/ts/controlplane/zones/v1/zones_pb.js";
import { systemClock } from "../platform/call/clock.js";
import { idMaker } from "../platform/call/id.js";
import type { Principal } from "../platform/call/principal.js";
import { staticTokens } from "../platform/policy/static-tokens.js";
import { createServer } from "../platform/server/server.js";
import { createLog } from "../platform/telemetry/log.js";
import { createTelemetry } from "../platform/telemetry/telemetry.js";
import { createServices } from "../services/registry.js";
import { readSettings, SettingsError, type Settings } from "./settings.js";
import { welcome } from "./welcome.js";

async function serve(settings: Settings): Promise<void> {
  const log = createLog(settings.logLevel);
  const spans = settings.spans
    ? (await import("../platform/telemetry/spans.js")).createSpans("trunkline")
    : undefined;
  const telemetry = createTelemetry(log, spans?.sink);
  process.on("unhandledRejection", (err) => {
    telemetry.metrics.unhandledRejections.inc();
    log.error({ err }, "a promise was rejected and nobody handled it");
  });

  const newId = idMaker(systemClock);
  const services = createServices({ clock: systemClock });
  const accountId = newId();
  const token = settings.token ?? `tl_${randomBytes(24).toString("base64url")}`;
  const demo: Principal = {
    kind: "token",
    id: newId(),
    permissions: new Set(["zone.read", "zone.create", "zone.edit"]),
    accounts: new Set([accountId]),
  };
  const zone = services.zoneStore.insert({ name: "example.com", accountId, type: ZoneType.FULL });

  const server = createServer({
    services: services.definitions,
    resolvers: services.resolvers,
    verifiers: staticTokens(new Map([[token, demo]])),
    telemetry,
    internal: { ...settings.internalAddress, ...(settings.internalTls && { tls: settings.internalTls }) },
    public: { ...settings.publicAddress, ...(settings.publicTls && { tls: settings.publicTls }) },
    limits: settings.limits,
    messageBytesMax: settings.messageBytesMax,
    cors: { origins: settings.corsOrigins, maxAgeSeconds: 7200 },
    trustedProxies: settings.trustedProxies,
  });
  const listeners = await server.start();
  if (settings.mode === "development") {
    process.stdout.write(
      welcome({
        publicUrl: listeners.public?.url ?? "",
        internalUrl: listeners.internal?.url ?? "",
        token,
        accountId,
        zoneId: zone?.id ?? "",
      }),
    );
  }
  log.info({ public: listeners.public?.url, internal: listeners.internal?.url }, "listening");

  let stopping = false;
  const stop = (signal: string): void => {
    // A second signal means now.
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, "draining");
    server
      .drain({ delayMs: settings.drainDelayMs, graceMs: settings.drainGraceMs })
      .then(() => spans?.shutdown())
      .then(() => log.info("stopped"))
      .catch((err: unknown) => log.error({ err }, "drain failed"))
      .finally(() => log.flush(() => process.exit(0)));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

try {
  await serve(readSettings(process.env, (message) => console.error(`warning: ${message}`)));
} catch (error) {
  // What the operator can mend is said in one line; everything else keeps its stack.
  const expected =
    error instanceof SettingsError || (error instanceof Error && error.name === "ContractError");
  console.error(expected ? error.message : startFailure(error));
  process.exit(1);
}

function startFailure(error: unknown): unknown {
  if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
    return `${error.message}\nSomething else listens there. Stop it, or choose another address with TRUNKLINE_PUBLIC_ADDR and TRUNKLINE_INTERNAL_ADDR.`;
  }
  return error;
}
