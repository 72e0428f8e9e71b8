// Peer: grpc-js without interceptors, with the code that protobufjs generates.
import { Metadata, Server, ServerCredentials, status, type handleUnaryCall } from "@grpc/grpc-js";
import { recordServiceDefinition, type GetRequest, type ListRequest } from "../workload/grpc-js-service.js";
import { listPlain, recordPlain, rowsById } from "../workload/records.js";
import { serveBench, unsupported } from "./serve.js";

const getRecord: handleUnaryCall<GetRequest, object> = (call, respond) => {
  const row = rowsById.get(call.request.id);
  if (row === undefined)
    respond({ code: status.NOT_FOUND, details: "no such record", metadata: new Metadata() });
  else respond(null, recordPlain(row));
};

const listRecords: handleUnaryCall<ListRequest, object> = (call, respond) => {
  respond(null, listPlain(call.request.pageSize));
};

serveBench((wire) => {
  if (wire !== "grpc-h2") return unsupported(wire);
  const server = new Server();
  server.addService(recordServiceDefinition, { getRecord, listRecords });
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
});
