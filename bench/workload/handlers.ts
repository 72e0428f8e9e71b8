import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { RecordService } from "../../gen/ts/perf/v1/perf_pb.js";
import { listInit, recordInit, rowsById } from "./records.js";

/** The service on protobuf-es: the same handlers for connect-node and for our server. */
export const recordHandlers = {
  getRecord({ id }) {
    const row = rowsById.get(id);
    if (row === undefined) throw new ConnectError("no such record", Code.NotFound);
    return recordInit(row);
  },
  listRecords: ({ pageSize }) => listInit(pageSize),
} satisfies ServiceImpl<typeof RecordService>;
