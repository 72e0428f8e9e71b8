// Peer: connect-node without interceptors.
import { createServer as createHttp1 } from "node:http";
import { createServer as createHttp2 } from "node:http2";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { RecordService } from "../../gen/ts/perf/v1/perf_pb.js";
import { recordHandlers } from "../workload/handlers.js";
import { listen, serveBench, unsupported } from "./serve.js";

const adapter = connectNodeAdapter({ routes: (router) => router.service(RecordService, recordHandlers) });

serveBench((wire) => {
  switch (wire) {
    case "grpc-h2":
    case "connect-proto-h2":
      return listen(createHttp2(adapter));
    case "connect-json-h1":
      return listen(createHttp1(adapter));
    case "rest-h1":
      return unsupported(wire);
  }
});
