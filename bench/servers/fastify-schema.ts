// Peer: Fastify with response schemas.
import { serveFastify } from "./fastify-routes.js";

const string = { type: "string" };
const integer = { type: "integer" };
const record = {
  type: "object",
  properties: {
    id: string,
    name: string,
    description: string,
    owner: string,
    version: integer,
    sizeBytes: string,
    archived: { type: "boolean" },
    createTime: string,
    updateTime: string,
    tags: { type: "array", items: string },
    etag: string,
    priority: integer,
  },
};
const page = {
  type: "object",
  properties: { records: { type: "array", items: record }, nextPageToken: string },
};

serveFastify({ record, page });
