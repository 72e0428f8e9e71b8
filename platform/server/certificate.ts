import type { TLSSocket } from "node:tls";

/** The URI and DNS names of a client certificate that the TLS layer has verified; undefined without one. */
export function certificateNamesOf(socket: TLSSocket): readonly string[] | undefined {
  if (!socket.encrypted || !socket.authorized) return undefined;
  const text = socket.getPeerX509Certificate()?.subjectAltName;
  return text === undefined ? undefined : splitAltNames(text);
}

/**
 * Splits node's text form of subject alternative names, "URI:spiffe://a/b, DNS:x". Names that contain a comma or a quote
 * are written by node as a JSON string (CVE-2021-44532), so that they cannot forge another name.
 */
function splitAltNames(text: string): string[] {
  const names: string[] = [];
  let rest = text;
  while (rest !== "") {
    const quoted = /^([A-Za-z ]+:)("(?:[^"\\]|\\.)*")(?:, )?/.exec(rest);
    const plain = quoted ?? /^([A-Za-z ]+:)([^,]*)(?:, )?/.exec(rest);
    if (plain === null) return names;
    const [whole, kind = "", name = ""] = plain;
    names.push(kind + (quoted === null ? name : String(JSON.parse(name))));
    rest = rest.slice(whole.length);
  }
  return names;
}
