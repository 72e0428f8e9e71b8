import tls from "node:tls";
import type { Limits } from "./limits.js";

/** The server's certificate, and what it asks of clients. PEM text or bytes. */
export interface TlsOptions {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
  /** Who may sign client certificates. Needed unless `requestClientCert` is "no". */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  /**
   * "required": the handshake fails without a valid certificate. "optional": a client may come without one, but one that
   * does not verify is refused all the same. Default "no".
   */
  readonly requestClientCert?: "no" | "optional" | "required";
}

/** A TLS server that listens nowhere: sockets are handed to it. It speaks h2 and http/1.1 by ALPN, TLS 1.2 and later. */
export function tlsServer(options: TlsOptions, limits: Limits): tls.Server {
  const clientCert = options.requestClientCert ?? "no";
  return tls.createServer({
    key: options.key,
    cert: options.cert,
    // A copy, because Node's type wants to be allowed to change it.
    ...(options.ca !== undefined && {
      ca: typeof options.ca === "object" && !Buffer.isBuffer(options.ca) ? [...options.ca] : options.ca,
    }),
    requestCert: clientCert !== "no",
    rejectUnauthorized: clientCert === "required",
    ALPNProtocols: ["h2", "http/1.1"],
    minVersion: "TLSv1.2",
    handshakeTimeout: limits.headersTimeoutMs,
  });
}

/** Whether the client showed a certificate that does not verify. */
export function hasBadCertificate(socket: tls.TLSSocket): boolean {
  return !socket.authorized && Object.keys(socket.getPeerCertificate()).length > 0;
}
