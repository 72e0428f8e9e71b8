// Runs in the browser: calls the server as a dashboard would, and gives the results to the test.
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { ZoneService } from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import { ErrorInfoSchema } from "../../gen/ts/google/rpc/error_details_pb.js";

/** What the page needs to know. */
export interface PageConfig {
  readonly publicUrl: string;
  readonly internalUrl: string;
  readonly token: string;
  readonly account: string;
  readonly zoneId: string;
  readonly missingZoneId: string;
}

/** What one transport got. */
export interface PageResult {
  readonly got: string;
  readonly listed: readonly string[];
  readonly created: string;
  readonly code: string;
  readonly reason: string | undefined;
  readonly requestId: string;
}

declare global {
  // The test calls it in the page.
  var callFromPage: (config: PageConfig) => Promise<Record<string, PageResult>>;
}

globalThis.callFromPage = async (config) => {
  const { publicUrl, internalUrl } = config;
  return {
    connect: await use("connect.example.org", createConnectTransport({ baseUrl: publicUrl }), config),
    get: await use(
      "get.example.org",
      createConnectTransport({ baseUrl: publicUrl, useHttpGet: true }),
      config,
    ),
    binary: await use(
      "binary.example.org",
      createConnectTransport({ baseUrl: publicUrl, useBinaryFormat: true }),
      config,
    ),
    grpcWeb: await use("web.example.org", createGrpcWebTransport({ baseUrl: internalUrl }), config),
  };
};

async function use(name: string, transport: Transport, config: PageConfig): Promise<PageResult> {
  const zones = createClient(ZoneService, transport);
  let requestId = "";
  const options = {
    headers: { authorization: `Bearer ${config.token}` },
    timeoutMs: 5000,
    onHeader: (header: Headers) => void (requestId = header.get("x-request-id") ?? ""),
  };
  const got = await zones.getZone({ zoneId: config.zoneId }, options);
  const created = await zones.createZone({ name, account: { id: config.account } }, options);
  const list = await zones.listZones({}, options);
  const failure = ConnectError.from(
    await zones.getZone({ zoneId: config.missingZoneId }, options).catch((error: unknown) => error),
  );
  return {
    got: got.name,
    created: created.name,
    listed: list.zones.map((zone) => zone.name),
    code: Code[failure.code],
    reason: failure.findDetails(ErrorInfoSchema)[0]?.reason,
    requestId,
  };
}
