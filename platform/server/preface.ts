import type { Socket } from "node:net";

// The first line of the HTTP/2 connection preface (RFC 9113, section 3.4). No HTTP/1.1 method is called PRI.
const preface = Buffer.from("PRI * HTTP/2.0");

/** The protocol a client speaks on a connection without TLS. */
export type Protocol = "h1" | "h2";

/**
 * Tells HTTP/2 with prior knowledge (h2c) from HTTP/1.1 by the first bytes of a connection. The bytes are put back, so the
 * server that gets the socket next reads them as if nothing had happened. `decided` is not called when the connection ends
 * or errs first, or when the socket is destroyed while waiting.
 */
export function sniffProtocol(socket: Socket, decided: (protocol: Protocol) => void): void {
  let head: Buffer | undefined;
  const onReadable = (): void => {
    // A socket without an encoding reads Buffers.
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    head = head === undefined ? chunk : Buffer.concat([head, chunk]);
    const length = Math.min(head.length, preface.length);
    const matches = head.compare(preface, 0, length, 0, length) === 0;
    if (matches && length < preface.length) return;
    socket.removeListener("readable", onReadable);
    socket.unshift(head);
    decided(matches ? "h2" : "h1");
  };
  socket.on("readable", onReadable);
}
