import { expect, test } from "@jest/globals";
import { readOptions, selects } from "./options.js";

test.each([
  { args: ["codec"], message: "no suite codec" },
  { args: ["rpc", "client"], message: "one suite at a time" },
  { args: ["--samples", "0"], message: "--samples 0" },
  { args: ["--samples", "1.5"], message: "--samples 1.5" },
  { args: ["--seconds", "soon"], message: "--seconds soon" },
  { args: ["--fast"], message: "--fast" },
])("refuses $args", ({ args, message }) => {
  expect(() => readOptions(args)).toThrow(message);
});

test("measures the servers with nine samples unless told otherwise", () => {
  expect(readOptions([])).toMatchObject({ suites: ["rpc"], samples: 9, gate: false, memory: false });
});

test("a number given wins over --quick", () => {
  expect(readOptions(["all", "--quick", "--samples", "5"])).toMatchObject({
    suites: ["rpc", "client"],
    samples: 5,
    seconds: 0.2,
  });
});

test("help is not a run", () => {
  expect(readOptions(["--help"])).toBeUndefined();
});

test.each([
  { only: "", name: "GetRecord: grpc-js gRPC", selected: true },
  { only: "rest", name: "GetRecord: grpc-js gRPC", selected: false },
  { only: "REST, grpc-js", name: "GetRecord: grpc-js gRPC", selected: true },
  { only: "getrecord: grpc", name: "GetRecord: grpc-js gRPC", selected: true },
])("--only '$only' and $name: $selected", ({ only, name, selected }) => {
  const options = readOptions(["--only", only]);
  expect(options !== undefined && selects(options, name)).toBe(selected);
});
