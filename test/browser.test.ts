// A web page of another origin calls the server with connect-web, in a real browser.
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { build } from "esbuild";
import { chromium, type Browser } from "playwright-core";
import { startService, type TestServer } from "../platform/testing/start-service.js";
import {
  missingZone,
  ownAccount,
  ownZone,
  principals,
  zonesWorld,
  type Caller,
} from "./doors/zones-world.js";
import type { PageConfig } from "./browser/page.js";
import { findProgram, testWith } from "./peers/tools.js";

const chromiumPath = findProgram("chromium");
const launchFlags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let pages: http.Server;
let pageUrl: string;
let server: TestServer<Caller>;
let browser: Browser | undefined;

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  const bundle = await build({
    entryPoints: ["test/browser/page.ts"],
    bundle: true,
    write: false,
    format: "iife",
    logLevel: "silent",
  });
  const script = bundle.outputFiles[0]?.text ?? "";
  pages = http.createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(`<!doctype html><title>page</title><script>${script.replaceAll("</", "<\\/")}</script>`);
  });
  await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
  // A server that listens on a port has an AddressInfo.
  pageUrl = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
  const world = zonesWorld();
  server = await startService({
    services: [world.definition],
    resolvers: world.resolvers,
    principals,
    cors: { origins: [pageUrl], maxAgeSeconds: 60 },
  });
  browser = await chromium.launch({ executablePath: chromiumPath, args: launchFlags });
}, 60_000);

afterAll(async () => {
  await browser?.close();
  pages?.close();
  await server?.close();
});

const browserTest = testWith("chromium", chromiumPath);

async function callFrom(origin: string): Promise<ReturnType<typeof globalThis.callFromPage>> {
  const page = await browser!.newPage();
  await page.goto(origin);
  const config: PageConfig = {
    ...{ publicUrl: server.publicUrl, internalUrl: server.internalUrl },
    token: "token-of-owner",
    account: ownAccount,
    zoneId: ownZone,
    missingZoneId: missingZone,
  };
  return page.evaluate((given) => globalThis.callFromPage(given), config);
}

browserTest(
  "a page of an allowed origin calls by Connect, Connect GET and gRPC-Web",
  async () => {
    const results = await callFrom(pageUrl);
    const expected = (name: string): object => ({
      got: "example.com",
      created: name,
      listed: expect.arrayContaining(["example.com", name]),
      code: "NotFound",
      reason: "RESOURCE_NOT_FOUND",
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(results).toEqual({
      connect: expected("connect.example.org"),
      get: expected("get.example.org"),
      binary: expected("binary.example.org"),
      grpcWeb: expected("web.example.org"),
    });
  },
  60_000,
);

browserTest(
  "a page of another origin may not call",
  async () => {
    // Another name of the same machine is another origin.
    const other = pageUrl.replace("127.0.0.1", "localhost");
    await expect(callFrom(other)).rejects.toThrow(/Failed to fetch|unknown|unavailable/i);
  },
  60_000,
);
