import { readFileSync } from "node:fs";
import { defaultLimits, type Limits } from "../platform/server/limits.js";
import type { TlsOptions } from "../platform/server/tls.js";

/** An address to listen on. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Everything that can be set from outside. */
export interface Settings {
  readonly mode: "development" | "production";
  readonly publicAddress: Address;
  readonly internalAddress: Address;
  readonly publicTls: TlsOptions | undefined;
  readonly internalTls: TlsOptions | undefined;
  readonly token: string | undefined;
  readonly logLevel: string;
  readonly corsOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly messageBytesMax: number;
  readonly drainDelayMs: number;
  readonly drainGraceMs: number;
  readonly limits: Partial<Limits>;
  readonly spans: boolean;
}

/** A setting that cannot be used. The message names it and says what would do. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** One row of the table of settings, which README.md shows. */
export interface SettingRow {
  readonly name: string;
  readonly default: string;
  readonly about: string;
}

/** The table of settings. A `TRUNKLINE_*` variable that is not in it is an error in development, a warning in production. */
export const settingRows: readonly SettingRow[] = [
  {
    name: "TRUNKLINE_MODE",
    default: "development",
    about: "`development` or `production`; production refuses unsafe settings",
  },
  {
    name: "TRUNKLINE_PUBLIC_ADDR",
    default: "127.0.0.1:8080",
    about: "Where the public API listens: REST and Connect",
  },
  {
    name: "TRUNKLINE_INTERNAL_ADDR",
    default: "127.0.0.1:9090",
    about: "Where internal callers connect: every method, every RPC protocol",
  },
  {
    name: "TRUNKLINE_PUBLIC_TLS_CERT",
    default: "",
    about: "File with the certificate chain of the public listener (PEM)",
  },
  { name: "TRUNKLINE_PUBLIC_TLS_KEY", default: "", about: "File with its private key (PEM)" },
  {
    name: "TRUNKLINE_INTERNAL_TLS_CERT",
    default: "",
    about: "File with the certificate chain of the internal listener (PEM)",
  },
  { name: "TRUNKLINE_INTERNAL_TLS_KEY", default: "", about: "File with its private key (PEM)" },
  {
    name: "TRUNKLINE_INTERNAL_TLS_CLIENT_CA",
    default: "",
    about: "File with the authority of client certificates (PEM); with it, internal callers must show one",
  },
  {
    name: "TRUNKLINE_TOKEN",
    default: "(made at each start)",
    about: "The API token of the demo account; required in production until tokens live in a database",
  },
  {
    name: "TRUNKLINE_LOG_LEVEL",
    default: "info",
    about: "`trace`, `debug`, `info`, `warn`, `error` or `silent`",
  },
  {
    name: "TRUNKLINE_CORS_ORIGINS",
    default: "",
    about: "Origins of web pages that may call, separated by commas; `*` in development only",
  },
  {
    name: "TRUNKLINE_TRUSTED_PROXIES",
    default: "",
    about: "Networks whose X-Forwarded-For is believed, separated by commas",
  },
  {
    name: "TRUNKLINE_MESSAGE_BYTES_MAX",
    default: "4194304",
    about: "Largest message in bytes, after decompression, where the method sets no bound",
  },
  {
    name: "TRUNKLINE_HEADER_BYTES_MAX",
    default: String(defaultLimits.headerBytesMax),
    about: "Largest header section of a request in bytes",
  },
  {
    name: "TRUNKLINE_CONNECTIONS_MAX",
    default: String(defaultLimits.connectionsMax),
    about: "Connections at once on one listener",
  },
  {
    name: "TRUNKLINE_CONNECTIONS_PER_PEER_MAX",
    default: String(defaultLimits.connectionsPerPeerMax),
    about: "Connections at once from one address",
  },
  {
    name: "TRUNKLINE_STREAMS_MAX",
    default: String(defaultLimits.streamsPerConnectionMax),
    about: "Streams at once on one HTTP/2 connection",
  },
  {
    name: "TRUNKLINE_DRAIN_DELAY_MS",
    default: "0 (production: 5000)",
    about: "After SIGTERM: time for load balancers to see that the server is not ready",
  },
  { name: "TRUNKLINE_DRAIN_GRACE_MS", default: "10000", about: "After that: time for calls in flight" },
  {
    name: "OTEL_EXPORTER_OTLP_ENDPOINT",
    default: "",
    about: "Where spans go, over OTLP/HTTP; without it there are none",
  },
];

// Kubernetes gives every container NAME_PORT and NAME_SERVICE_HOST of each Service; one called "trunkline" looks like ours.
const injected =
  /^TRUNKLINE(_[A-Z0-9_]+)?_(SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$/;

/**
 * Reads the settings.
 *
 * @throws SettingsError for a value that can't be read, an unknown name in development, an unsafe setting in production.
 */
export function readSettings(env: NodeJS.ProcessEnv, warn: (message: string) => void): Settings {
  const mode = oneOf(env, "TRUNKLINE_MODE", ["development", "production"], "development");
  const production = mode === "production";
  for (const name of unknownNames(env)) {
    const message = `${name} is not a setting; see the table in README.md`;
    if (!production) throw new SettingsError(message);
    warn(message);
  }
  const settings: Settings = {
    mode,
    publicAddress: address(env, "TRUNKLINE_PUBLIC_ADDR", "127.0.0.1:8080"),
    internalAddress: address(env, "TRUNKLINE_INTERNAL_ADDR", "127.0.0.1:9090"),
    publicTls: tls(env, "TRUNKLINE_PUBLIC_TLS"),
    internalTls: tls(env, "TRUNKLINE_INTERNAL_TLS"),
    token: env["TRUNKLINE_TOKEN"] || undefined,
    logLevel: oneOf(
      env,
      "TRUNKLINE_LOG_LEVEL",
      ["trace", "debug", "info", "warn", "error", "silent"],
      "info",
    ),
    corsOrigins: list(env, "TRUNKLINE_CORS_ORIGINS"),
    trustedProxies: list(env, "TRUNKLINE_TRUSTED_PROXIES"),
    messageBytesMax: whole(env, "TRUNKLINE_MESSAGE_BYTES_MAX", 4 * 1024 * 1024),
    drainDelayMs: whole(env, "TRUNKLINE_DRAIN_DELAY_MS", production ? 5000 : 0),
    drainGraceMs: whole(env, "TRUNKLINE_DRAIN_GRACE_MS", 10_000),
    limits: {
      headerBytesMax: whole(env, "TRUNKLINE_HEADER_BYTES_MAX", defaultLimits.headerBytesMax),
      connectionsMax: whole(env, "TRUNKLINE_CONNECTIONS_MAX", defaultLimits.connectionsMax),
      connectionsPerPeerMax: whole(
        env,
        "TRUNKLINE_CONNECTIONS_PER_PEER_MAX",
        defaultLimits.connectionsPerPeerMax,
      ),
      streamsPerConnectionMax: whole(env, "TRUNKLINE_STREAMS_MAX", defaultLimits.streamsPerConnectionMax),
    },
    spans: (env["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] ?? "") !== "",
  };
  if (production) refuseUnsafe(settings);
  return settings;
}

function refuseUnsafe(settings: Settings): void {
  const unsafe = [
    settings.internalTls?.requestClientCert === "required"
      ? ""
      : "the internal listener needs TLS with client certificates: set TRUNKLINE_INTERNAL_TLS_CERT, _KEY and _CLIENT_CA",
    settings.token === undefined ? "TRUNKLINE_TOKEN is not set" : "",
    settings.token !== undefined && settings.token.length < 32
      ? "TRUNKLINE_TOKEN is shorter than 32 characters"
      : "",
    settings.corsOrigins.includes("*") ? "TRUNKLINE_CORS_ORIGINS is *" : "",
    ["trace", "debug"].includes(settings.logLevel) ? `TRUNKLINE_LOG_LEVEL is ${settings.logLevel}` : "",
  ].filter((problem) => problem !== "");
  if (unsafe.length > 0) throw new SettingsError(`unsafe in production:\n  ${unsafe.join("\n  ")}`);
}

function unknownNames(env: NodeJS.ProcessEnv): string[] {
  const known = new Set(settingRows.map((row) => row.name));
  return Object.keys(env).filter(
    (name) => name.startsWith("TRUNKLINE_") && !known.has(name) && !injected.test(name),
  );
}

function address(env: NodeJS.ProcessEnv, name: string, fallback: string): Address {
  const text = env[name] || fallback;
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new SettingsError(`${name} must be host:port, such as 127.0.0.1:8080 or [::1]:8080`);
  return { host: match[1] ?? match[2] ?? "", port };
}

function whole(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new SettingsError(`${name} must be a whole number, not "${text}"`);
  return value;
}

function oneOf<T extends string>(env: NodeJS.ProcessEnv, name: string, values: readonly T[], fallback: T): T {
  const text = env[name] || fallback;
  const found = values.find((value) => value === text);
  if (found === undefined)
    throw new SettingsError(`${name} must be one of ${values.join(", ")}, not "${text}"`);
  return found;
}

function list(env: NodeJS.ProcessEnv, name: string): string[] {
  return (env[name] ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function tls(env: NodeJS.ProcessEnv, prefix: string): TlsOptions | undefined {
  const [cert, key, ca] = [env[`${prefix}_CERT`], env[`${prefix}_KEY`], env[`${prefix}_CLIENT_CA`]].map(
    (v) => v || undefined,
  );
  if (cert === undefined && key === undefined && ca === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw new SettingsError(`${prefix}_CERT and ${prefix}_KEY go together`);
  return {
    cert: file(`${prefix}_CERT`, cert),
    key: file(`${prefix}_KEY`, key),
    ...(ca !== undefined && { ca: file(`${prefix}_CLIENT_CA`, ca), requestClientCert: "required" as const }),
  };
}

function file(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new SettingsError(`${name}: ${path} cannot be read`, { cause });
  }
}
