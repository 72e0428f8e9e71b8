/** How a request travels: protocol, encoding and version of HTTP. */
export type Wire = "grpc-h2" | "connect-json-h1" | "connect-proto-h2" | "rest-h1";

/** The two methods of perf.v1.RecordService. */
export type Method = "GetRecord" | "ListRecords";

export const methods = ["GetRecord", "ListRecords"] as const satisfies readonly Method[];

/** Paths of the contract on the RPC protocols. */
export const rpcPaths = {
  GetRecord: "/perf.v1.RecordService/GetRecord",
  ListRecords: "/perf.v1.RecordService/ListRecords",
} as const satisfies Record<Method, string>;

/** How many records ListRecords asks for, and how many there are. */
export const listSize = 100;

/** The credential that every request carries; servers that check one accept it. */
export const bearerToken = "bench_4b1d0c7e5f2a4e0c9d8b7a6f5e4d3c2b1a09f8e7";

/** Deadline that every RPC request carries, in milliseconds: far enough never to pass. */
export const deadlineMs = 5000;
