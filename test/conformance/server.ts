// The server under test: it is told over stdin how to listen, says over stdout where it does, and serves until it is ended.
import { create } from "@bufbuild/protobuf";
import {
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
  type ServerCompatRequest,
} from "../../gen/ts/connectrpc/conformance/v1/server_compat_pb.js";
import { createServer } from "../../platform/server/server.js";
import type { TlsOptions } from "../../platform/server/tls.js";
import { createLog } from "../../platform/telemetry/log.js";
import { createTelemetry } from "../../platform/telemetry/telemetry.js";
import { readDelimited, writeDelimited } from "./delimited.js";
import { conformanceService } from "./service.js";

const host = "127.0.0.1";

async function serve(request: ServerCompatRequest): Promise<void> {
  const tls = tlsOf(request);
  const server = createServer({
    services: [conformanceService()],
    telemetry: createTelemetry(createLog("silent")),
    internal: { host, port: 0, ...(tls && { tls }) },
    ...(request.messageReceiveLimit > 0 && { messageBytesMax: request.messageReceiveLimit }),
  });
  const { internal } = await server.start();
  if (internal === undefined) throw new Error("the internal listener was asked for");
  const response = create(ServerCompatResponseSchema, {
    host,
    port: internal.port,
    ...(request.serverCreds && { pemCert: request.serverCreds.cert }),
  });
  writeDelimited(ServerCompatResponseSchema, response, process.stdout);
}

function tlsOf({ useTls, serverCreds, clientTlsCert }: ServerCompatRequest): TlsOptions | undefined {
  if (!useTls) return undefined;
  if (serverCreds === undefined) throw new Error("TLS without server_creds");
  const own = { cert: Buffer.from(serverCreds.cert), key: Buffer.from(serverCreds.key) };
  if (clientTlsCert.length === 0) return own;
  return { ...own, ca: Buffer.from(clientTlsCert), requestClientCert: "required" };
}

for await (const request of readDelimited(ServerCompatRequestSchema, process.stdin)) await serve(request);
