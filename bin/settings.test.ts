import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { readSettings, settingRows, SettingsError } from "./settings.js";

const silent = (): void => undefined;

describe("settings", () => {
  test("have defaults for a laptop", () => {
    expect(readSettings({}, silent)).toMatchObject({
      mode: "development",
      publicAddress: { host: "127.0.0.1", port: 8080 },
      internalAddress: { host: "127.0.0.1", port: 9090 },
    });
  });

  test("take IPv6 addresses in brackets", () => {
    expect(readSettings({ TRUNKLINE_PUBLIC_ADDR: "[::1]:80" }, silent).publicAddress).toEqual({
      host: "::1",
      port: 80,
    });
  });

  test.each([
    ["TRUNKLINE_PUBLIC_ADDR", "8080"],
    ["TRUNKLINE_PUBLIC_ADDR", "::1:80"],
    ["TRUNKLINE_INTERNAL_ADDR", "127.0.0.1:99999"],
    ["TRUNKLINE_MODE", "prod"],
    ["TRUNKLINE_LOG_LEVEL", "loud"],
    ["TRUNKLINE_DRAIN_GRACE_MS", "10s"],
    ["TRUNKLINE_MESSAGE_BYTES_MAX", "-1"],
    ["TRUNKLINE_INTERNAL_TLS_CERT", "missing.pem"],
    ["TRUNKLINE_PUBIC_ADDR", "127.0.0.1:80"],
  ])("refuse %s=%s", (name, value) => {
    expect(() => readSettings({ [name]: value }, silent)).toThrow(SettingsError);
  });

  test("leave alone what Kubernetes injects for a Service of our name", () => {
    const env = {
      TRUNKLINE_SERVICE_HOST: "10.0.0.1",
      TRUNKLINE_PORT_8080_TCP_ADDR: "10.0.0.1",
      TRUNKLINE_PORT: "tcp://10.0.0.1:8080",
    };
    expect(() => readSettings(env, silent)).not.toThrow();
  });

  test("name everything that is unsafe in production", () => {
    const env = { TRUNKLINE_MODE: "production", TRUNKLINE_CORS_ORIGINS: "*", TRUNKLINE_LOG_LEVEL: "debug" };
    expect(() => readSettings(env, silent)).toThrow(
      /client certificates[\s\S]*TRUNKLINE_TOKEN is not set[\s\S]*CORS_ORIGINS is \*[\s\S]*LOG_LEVEL is debug/,
    );
  });

  test("in production an unknown name is a warning", () => {
    const warnings: string[] = [];
    expect(() =>
      readSettings({ TRUNKLINE_MODE: "production", TRUNKLINE_X: "1" }, (w) => warnings.push(w)),
    ).toThrow(/unsafe/);
    expect(warnings).toEqual(["TRUNKLINE_X is not a setting; see the table in README.md"]);
  });

  test("are all in the table of README.md", () => {
    const readme = readFileSync("README.md", "utf8");
    const missing = settingRows.filter(
      (r) =>
        !readme.includes(
          `| \`${r.name}\` | ${r.default === "" ? "" : `${r.default} `}| ${r.about} |`.replace("|  |", "| |"),
        ),
    );
    expect(missing.map((r) => r.name)).toEqual([]);
  });
});
