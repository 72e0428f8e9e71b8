// Floor: what node:http and node:http2 cost by themselves. No routing, no limits, no errors, no framework.
import { createServer as createHttp1 } from "node:http";
import { createServer as createHttp2, type ServerHttp2Stream } from "node:http2";
import { protobufjsCodecs } from "../workload/protobufjs.js";
import { listJson, listPlain, recordJson, recordPlain, rows, rowsById } from "../workload/records.js";
import { listSize, rpcPaths } from "../workload/wire.js";
import { listen, serveBench, unsupported } from "./serve.js";

serveBench((wire) => {
  switch (wire) {
    case "rest-h1":
      return listen(http1Server());
    case "grpc-h2":
      return listen(http2Server());
    case "connect-json-h1":
    case "connect-proto-h2":
      return unsupported(wire);
  }
});

/** GET, answered with JSON.stringify. */
function http1Server(): ReturnType<typeof createHttp1> {
  const prefix = "/v1/records/";
  return createHttp1((request, response) => {
    const url = request.url ?? "";
    const row = rowsById.get(url.slice(prefix.length));
    const json = JSON.stringify(row === undefined ? listJson(listSize) : recordJson(row));
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(json),
    });
    response.end(json);
  });
}

/** gRPC, answered with bytes made at start: not even a codec. */
function http2Server(): ReturnType<typeof createHttp2> {
  const codecs = protobufjsCodecs();
  const page = framed(codecs.page.encode(listPlain(listSize)));
  const records = new Map(rows.map((row) => [row.id, framed(codecs.record.encode(recordPlain(row)))]));
  const server = createHttp2();
  server.on("stream", (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      if (headers[":path"] === rpcPaths.ListRecords) return answer(stream, page);
      // Five bytes of frame, tag and length of the id, the id.
      answer(stream, records.get(Buffer.concat(chunks).toString("latin1", 7)) ?? page);
    });
  });
  return server;
}

function answer(stream: ServerHttp2Stream, bytes: Buffer): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(bytes);
}

function framed(message: Buffer): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}
