// A server of nothing but the listener, to attack it alone. Prints its URL once it listens.
import { readBody } from "../../platform/server/body.js";
import { defaultLimits } from "../../platform/server/limits.js";
import { listen } from "../../platform/server/listen.js";

const bytesMax = 4 << 20;
let started = 0;
const events = new Map<string, number>();

const listener = await listen(
  {
    host: "127.0.0.1",
    port: 0,
    limits: defaultLimits,
    onEvent(event) {
      const name = "reason" in event ? `${event.kind} ${event.reason}` : event.kind;
      events.set(name, (events.get(name) ?? 0) + 1);
    },
  },
  {
    h1(request, response) {
      if (request.url === "/started") return response.end(String(started));
      if (request.url === "/events") return response.end(JSON.stringify(Object.fromEntries(events)));
      started++;
      const contentLength = Number(request.headers["content-length"] ?? 0);
      readBody(request, { bytesMax, contentLength }, (failure, body) => {
        response.writeHead(failure === undefined ? 200 : 400).end(body);
      });
    },
    h2(stream, headers) {
      started++;
      const contentLength = Number(headers["content-length"] ?? 0);
      readBody(stream, { bytesMax, contentLength }, (failure, body) => {
        if (stream.destroyed || stream.closed) return;
        stream.respond({ ":status": failure === undefined ? 200 : 400 });
        stream.end(body);
      });
    },
  },
);
process.stdout.write(`${listener.url}\n`);
