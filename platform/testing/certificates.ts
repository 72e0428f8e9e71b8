import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A certificate and its private key, PEM. */
export interface Credentials {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority for tests. */
export interface TestAuthority {
  /** Its own certificate, PEM. */
  readonly ca: string;
  /** Signs a certificate for the given subject alternative names, such as `DNS:localhost` or `URI:spiffe://test/client`. */
  issue(subjectAltNames: readonly string[]): Promise<Credentials>;
}

const run = promisify(execFile);
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes a certificate authority that is valid for a day. Needs the openssl command; rejects where it is missing. */
export function testAuthority(): Promise<TestAuthority> {
  return inTemporaryFolder(async (folder) => {
    const cert = join(folder, "ca.crt");
    const key = join(folder, "ca.key");
    const subject = ["-subj", "/CN=test authority", "-days", "1"];
    await run("openssl", ["req", "-x509", ...newKey, ...subject, "-keyout", key, "-out", cert]);
    const ca = await readFile(cert, "utf8");
    const caKey = await readFile(key, "utf8");
    return { ca, issue: (subjectAltNames) => issue({ cert: ca, key: caKey }, subjectAltNames) };
  });
}

function issue(authority: Credentials, subjectAltNames: readonly string[]): Promise<Credentials> {
  return inTemporaryFolder(async (folder) => {
    const file = (name: string): string => join(folder, name);
    await writeFile(file("ca.crt"), authority.cert);
    await writeFile(file("ca.key"), authority.key, { mode: 0o600 });
    await writeFile(file("names"), `subjectAltName=${subjectAltNames.join(",")}\n`);
    const request = ["-subj", "/CN=test", "-keyout", file("key"), "-out", file("csr")];
    await run("openssl", ["req", "-new", ...newKey, ...request]);
    const signer = ["-CA", file("ca.crt"), "-CAkey", file("ca.key"), "-CAcreateserial", "-days", "1"];
    const output = ["-extfile", file("names"), "-in", file("csr"), "-out", file("crt")];
    await run("openssl", ["x509", "-req", ...signer, ...output]);
    return { cert: await readFile(file("crt"), "utf8"), key: await readFile(file("key"), "utf8") };
  });
}

async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "test-certificates-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
