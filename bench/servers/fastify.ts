// Peer: Fastify as most people write it: the handler returns an object.
import { serveFastify } from "./fastify-routes.js";

serveFastify();
