// Floor: what a call on node:http2 costs with protobufjs and nothing else: no deadline, no errors, no metadata.
import { once } from "node:events";
import { connect, type ClientHttp2Session, type OutgoingHttpHeaders } from "node:http2";
import { protobufjsCodecs } from "../workload/protobufjs.js";
import { deadlineMs, rpcPaths } from "../workload/wire.js";
import { callBench, callHeaders } from "./call.js";

callBench(async (port) => {
  const session = connect(`http://127.0.0.1:${port}`);
  await once(session, "connect");
  const codecs = protobufjsCodecs();
  const common = {
    ":method": "POST",
    ":authority": `127.0.0.1:${port}`,
    ":scheme": "http",
    "content-type": "application/grpc",
    te: "trailers",
    "grpc-timeout": `${deadlineMs}m`,
    ...callHeaders,
  };
  const getHeaders = { ...common, ":path": rpcPaths.GetRecord };
  const listHeaders = { ...common, ":path": rpcPaths.ListRecords };
  return {
    async get(id) {
      const answer = await exchange(session, getHeaders, codecs.get.encode({ id }));
      // The codec is that of perf.v1.Record.
      return (codecs.record.decode(answer) as { id: string }).id;
    },
    async list(pageSize) {
      const answer = await exchange(session, listHeaders, codecs.list.encode({ pageSize }));
      // The codec is that of perf.v1.ListRecordsResponse.
      return (codecs.page.decode(answer) as { records: object[] }).records.length;
    },
  };
});

function exchange(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  message: Buffer,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers);
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("end", () => resolve(Buffer.concat(chunks).subarray(5)));
    const frame = Buffer.allocUnsafe(5 + message.length);
    frame[0] = 0;
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, 5);
    stream.end(frame);
  });
}
