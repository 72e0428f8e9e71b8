// The load generator: a process of its own, so that its CPU time is not the server's.
import { openHttp1 } from "./load/http1.js";
import { openHttp2 } from "./load/http2.js";
import type { Connections } from "./load/connections.js";
import { answerParent } from "./process/answer.js";
import type { LoadCommands } from "./process/commands.js";
import { variants } from "./workload/requests.js";

let connections: Connections | undefined;
const idle: Connections[] = [];

answerParent<LoadCommands>({
  async open({ wire, method, port }) {
    const open = wire === "rest-h1" || wire === "connect-json-h1" ? openHttp1 : openHttp2;
    connections = await open(port, variants(wire, method));
  },
  run({ requests }) {
    if (connections === undefined) throw new Error("run before open");
    return connections.run(requests);
  },
  async openIdle({ port, connections: count }) {
    const shape = { connections: count, inFlightPerConnection: 1 };
    idle.push(await openHttp2(port, variants("grpc-h2", "GetRecord"), shape));
  },
  close() {
    connections?.close();
    connections = undefined;
  },
});
