import { expect, test } from "@jest/globals";
import { grpcStatusOk, headerReader, requestBlocks, statusOk } from "./hpack.js";

test.each([
  { section: "an indexed status", hex: "88", bits: statusOk },
  { section: "another indexed status", hex: "8d", bits: 0 },
  { section: "a literal status by indexed name", hex: "4803323030", bits: statusOk },
  { section: "a Huffman-coded status", hex: "08821001", bits: statusOk },
  { section: "status 201", hex: "0803323031", bits: 0 },
  { section: "a plain grpc-status", hex: "400b677270632d7374617475730130", bits: grpcStatusOk },
  { section: "a Huffman-coded grpc-status", hex: "40889acac8b21234da8f0130", bits: grpcStatusOk },
  { section: "grpc-status 2", hex: "40889acac8b21234da8f0132", bits: 0 },
  { section: "a change of the table's size before a status", hex: "3fe11f88", bits: statusOk },
  { section: "a field of no interest", hex: "0f0d023132", bits: 0 },
])("$section", ({ hex, bits }) => {
  expect(headerReader().read(Buffer.from(hex, "hex"))).toBe(bits);
});

test("a field put into the table counts again when referred to", () => {
  const reader = headerReader();
  reader.read(Buffer.from("40889acac8b21234da8f0130", "hex"));
  expect(reader.read(Buffer.from("be", "hex"))).toBe(grpcStatusOk);
  // A newer entry moves it up by one.
  reader.read(Buffer.from("4001610162", "hex"));
  expect(reader.read(Buffer.from("be", "hex"))).toBe(0);
  expect(reader.read(Buffer.from("bf", "hex"))).toBe(grpcStatusOk);
});

test("later requests refer to what the first one put into the table", () => {
  const { first, later } = requestBlocks([["grpc-status", "0"], [":status", "200"]], [["a", "b"]]); // prettier-ignore
  const reader = headerReader();
  expect(reader.read(first)).toBe(statusOk | grpcStatusOk);
  expect(reader.read(later)).toBe(statusOk | grpcStatusOk);
  expect(later.toString("hex")).toBe("bfbe0001610162");
});

test("strings of 127 bytes and more have a length of several bytes", () => {
  const { first } = requestBlocks([], [["a", "x".repeat(300)], [":status", "200"]]); // prettier-ignore
  expect(headerReader().read(first)).toBe(statusOk);
});
