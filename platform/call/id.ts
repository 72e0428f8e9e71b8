import { randomBytes } from "node:crypto";
import type { Clock } from "./clock.js";

/** Makes ids: UUIDv7 (RFC 9562 5.7) as 32 lower-case hex digits, so that ids sort by when they were made. */
export function idMaker(clock: Clock): () => string {
  return () => {
    const bytes = randomBytes(16);
    bytes.writeUIntBE(clock.now().getTime(), 0, 6);
    bytes[6] = (bytes[6]! & 0x0f) | 0x70;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    return bytes.toString("hex");
  };
}
