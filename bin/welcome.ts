/** What a newcomer needs to make the first calls. */
export interface Welcome {
  readonly publicUrl: string;
  readonly internalUrl: string;
  readonly token: string;
  readonly accountId: string;
  readonly zoneId: string;
}

/** The screen of `npm start`: addresses, the demo token, commands to paste. */
export function welcome({ publicUrl, internalUrl, token, accountId, zoneId }: Welcome): string {
  const create = JSON.stringify({ name: "example.org", account: { id: accountId } });
  return `
  Trunkline is running (Ctrl-C stops it).

    public API    ${publicUrl}    REST and Connect
    internal      ${internalUrl}    gRPC, gRPC-Web, Connect; reflection, /metrics, /readyz
    demo token    ${token}
    account       ${accountId}

  Try it, in another terminal:

    # REST: list zones, create one
    curl -s ${publicUrl}/client/v4/zones -H 'Authorization: Bearer ${token}'
    curl -s ${publicUrl}/client/v4/zones -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '${create}'

    # Connect: the same handler, as JSON over any HTTP
    curl -s ${publicUrl}/controlplane.zones.v1.ZoneService/GetZone -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '{"zoneId":"${zoneId}"}'

    # gRPC, by reflection (run it in this folder)
    npx buf curl --http2-prior-knowledge --protocol grpc -H 'Authorization: Bearer ${token}' -d '{"zoneId":"${zoneId}"}' ${internalUrl}/controlplane.zones.v1.ZoneService/GetZone

`;
}
