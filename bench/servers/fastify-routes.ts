import { fastify, type FastifyReply } from "fastify";
import { listJson, recordJson, rowsById } from "../workload/records.js";
import { portOf, serveBench, unsupported } from "./serve.js";

/** Response schemas, from which Fastify compiles serialisers. */
export interface ResponseSchemas {
  readonly record: object;
  readonly page: object;
}

/** Serves the two REST routes, written by hand on Fastify; without schemas, JSON.stringify writes the answers. */
export function serveFastify(schemas?: ResponseSchemas): void {
  const responding = (schema: object | undefined): object =>
    schema === undefined ? {} : { schema: { response: { 200: schema } } };

  serveBench(async (wire) => {
    if (wire !== "rest-h1") return unsupported(wire);
    const app = fastify();
    app.get<{ Params: { id: string } }>(
      "/v1/records/:id",
      responding(schemas?.record),
      ({ params }, reply): FastifyReply => {
        const row = rowsById.get(params.id);
        return row === undefined
          ? reply.code(404).send({ message: "no such record" })
          : reply.send(recordJson(row));
      },
    );
    app.get<{ Querystring: { page_size: string } }>(
      "/v1/records",
      responding(schemas?.page),
      ({ query }, reply): FastifyReply => reply.send(listJson(Number(query.page_size))),
    );
    await app.listen({ host: "127.0.0.1", port: 0 });
    return portOf(app.server);
  });
}
