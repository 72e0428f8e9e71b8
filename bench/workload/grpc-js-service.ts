import type { MethodDefinition } from "@grpc/grpc-js";
import { protobufjsCodecs, type PlainCodec } from "./protobufjs.js";
import { rpcPaths } from "./wire.js";

/** Requests as protobufjs decodes them. */
export interface GetRequest {
  readonly id: string;
}

export interface ListRequest {
  readonly pageSize: number;
}

const codecs = protobufjsCodecs();

/** perf.v1.RecordService as grpc-js wants it, for server and client. */
export const recordServiceDefinition = {
  getRecord: unary<GetRequest>(rpcPaths.GetRecord, codecs.get, codecs.record),
  listRecords: unary<ListRequest>(rpcPaths.ListRecords, codecs.list, codecs.page),
};

function unary<I extends object>(
  path: string,
  input: PlainCodec,
  output: PlainCodec,
): MethodDefinition<I, object> {
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: input.encode,
    // The codec is that of the request type, so what it decodes is one.
    requestDeserialize: (bytes) => input.decode(bytes) as I,
    responseSerialize: output.encode,
    responseDeserialize: output.decode,
  };
}
