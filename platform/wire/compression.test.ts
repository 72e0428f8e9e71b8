import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { Code, type ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { chooseCoding, deflateBody, inflateBody, type Coding } from "./compression.js";

const MiB = 1024 * 1024;
const deflaters = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync };
const codings = Object.keys(deflaters) as Coding[];

describe.each(codings)("%s", (coding) => {
  test.each([0, 1, 1000, 300_000, 4 * MiB])("gives back %d bytes", async (size) => {
    const body = Buffer.alloc(size, "trunkline");
    expect((await inflateBody(coding, deflaters[coding](body), 4 * MiB)).equals(body)).toBe(true);
    expect((await inflateBody(coding, await deflateBody(coding, body), 4 * MiB)).equals(body)).toBe(true);
  });

  test.each([1000, 4 * MiB])("refuses one byte more than %d", async (max) => {
    const inflate = async () => inflateBody(coding, deflaters[coding](Buffer.alloc(max + 1)), max);
    await expect(inflate()).rejects.toMatchObject({
      code: Code.ResourceExhausted,
    } satisfies Partial<ConnectError>);
  });

  test.each([
    ["no bytes", Buffer.alloc(0)],
    ["other bytes", Buffer.from("not compressed at all")],
    ["a cut body", deflaters[coding](Buffer.from(Array.from({ length: 500 }, (_, i) => i))).subarray(0, 100)],
  ])("refuses %s", async (_name, body) => {
    const inflate = async () => inflateBody(coding, body, MiB);
    await expect(inflate()).rejects.toMatchObject({
      code: Code.InvalidArgument,
    } satisfies Partial<ConnectError>);
  });
});

test.each<[string | undefined, Coding | undefined]>([
  [undefined, undefined],
  ["", undefined],
  ["identity", undefined],
  ["gzip", "gzip"],
  ["br", "br"],
  ["gzip, br", "gzip"],
  ["gzip;q=0.5, br", "br"],
  ["gzip;q=0", undefined],
  ["GZIP", "gzip"],
  ["zstd", undefined],
  ["zstd, gzip;q=0.1", "gzip"],
  ["deflate", undefined],
  ["gzip;q=nonsense", undefined],
  ["__proto__, constructor", undefined],
])("of %j, gzip and br offered, %s is chosen", (accept, chosen) => {
  expect(chooseCoding(accept, ["gzip", "br"])).toBe(chosen);
});
