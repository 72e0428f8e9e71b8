// Peer: the client of grpc-js without interceptors, with the code that protobufjs generates.
import { Client, credentials, Metadata, type MethodDefinition } from "@grpc/grpc-js";
import { recordServiceDefinition } from "../workload/grpc-js-service.js";
import { deadlineMs } from "../workload/wire.js";
import { callBench, callHeaders } from "./call.js";

callBench((port) => {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const { getRecord, listRecords } = recordServiceDefinition;
  return {
    // The codec of the answer is that of perf.v1.Record.
    get: async (id) => ((await call(client, getRecord, { id })) as { id: string }).id,
    // The codec of the answer is that of perf.v1.ListRecordsResponse.
    list: async (pageSize) =>
      ((await call(client, listRecords, { pageSize })) as { records: object[] }).records.length,
  };
});

function call<I, O>(client: Client, method: MethodDefinition<I, O>, request: I): Promise<O> {
  const { path, requestSerialize, responseDeserialize } = method;
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(callHeaders)) metadata.set(name, value);
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + deadlineMs };
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      options,
      (error, answer) => {
        if (answer === undefined) reject(error ?? new Error("neither an answer nor an error"));
        else resolve(answer);
      },
    );
  });
}
