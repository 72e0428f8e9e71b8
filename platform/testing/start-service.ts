// Starts services for tests: the real server with the real plan, on ports of its own.
import type { DescService } from "@bufbuild/protobuf";
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { Principal } from "../call/principal.js";
import type { Verifiers } from "../policy/authenticate.js";
import { staticTokens } from "../policy/static-tokens.js";
import { createServer, type Server, type ServerOptions } from "../server/server.js";
import { createLog } from "../telemetry/log.js";
import { createTelemetry, type Telemetry } from "../telemetry/telemetry.js";

/** What a test server is made of: services and who calls them. All else is as in `createServer`. */
export type TestServerOptions<P extends string> = Omit<
  ServerOptions,
  "telemetry" | "internal" | "public" | "verifiers"
> & { readonly principals: Readonly<Record<P, Principal>> };

/** A server under test, listening on free ports of 127.0.0.1. It logs nothing. */
export interface TestServer<P extends string> {
  readonly server: Server;
  readonly telemetry: Telemetry;
  readonly internalUrl: string;
  readonly publicUrl: string;
  /** Request headers with the credential of a principal; none for undefined. */
  credentials(principal: P | undefined): Record<string, string>;
  /** A gRPC client that calls as a principal. */
  as<S extends DescService>(principal: P, service: S): Client<S>;
  close(): Promise<void>;
}

/** Names a service principal in place of a client certificate. Only test servers believe it. */
const identityHeader = "x-test-identity";

/** Starts services with both listeners. The test has to close what it started. */
export async function startService<P extends string>({
  principals,
  ...options
}: TestServerOptions<P>): Promise<TestServer<P>> {
  const telemetry = createTelemetry(createLog("silent"));
  const address = { host: "127.0.0.1", port: 0 };
  const verifiers = verifiersOf(principals);
  const server = createServer({ ...options, telemetry, verifiers, internal: address, public: address });
  const listeners = await server.start();
  const internalUrl = listeners.internal?.url ?? "";
  const credentials = (name: P | undefined): Record<string, string> => {
    if (name === undefined) return {};
    if (principals[name].kind === "service") return { [identityHeader]: name };
    return { authorization: `Bearer ${tokenOf(name)}` };
  };
  return {
    server,
    telemetry,
    internalUrl,
    publicUrl: listeners.public?.url ?? "",
    credentials,
    as(name, service) {
      const headers = Object.entries(credentials(name));
      const transport = createGrpcTransport({
        baseUrl: internalUrl,
        interceptors: [
          (next) => (request) => {
            for (const [header, value] of headers) request.header.set(header, value);
            return next(request);
          },
        ],
      });
      return createClient(service, transport);
    },
    close: () => server.close(),
  };
}

function tokenOf(name: string): string {
  return `token-of-${name}`;
}

function verifiersOf(principals: Readonly<Record<string, Principal>>): Verifiers {
  const byName = new Map(Object.entries(principals));
  const tokens = [...byName].filter(([, { kind }]) => kind !== "service");
  return {
    ...staticTokens(new Map(tokens.map(([name, principal]) => [tokenOf(name), principal]))),
    service: (call) => byName.get(call.header(identityHeader) ?? ""),
  };
}
