import { ScalarType } from "@bufbuild/protobuf";
import { NullValueSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";

import { ColorSchema } from "../../gen/ts/lab/v1/lab_pb.js";

import { Violation } from "./json.js";
import { parseFieldMaskJson, parseFieldMaskText } from "./json-field-mask.js";
import { int32Range, parseIntegerLiteral, uint64Range } from "./json-integer.js";
import {
  parseBoolText,
  parseBytesText,
  parseDoubleText,
  parseEnumText,
  parseFloatText,
  parseInt32Text,
  parseInt64Text,
  parseScalarText,
  parseUint32Text,
  parseUint64Text,
} from "./json-scalars.js";

const invalid = expect.objectContaining({ name: "Violation", field: "", reason: "INVALID_VALUE" });
const outOfRange = expect.objectContaining({ name: "Violation", field: "", reason: "OUT_OF_RANGE" });

/** What a parser returns, or throws. */
function outcome(parse: (text: string) => unknown, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    return error;
  }
}

const integers = [
  "+5",
  "010",
  "-01",
  "0x10",
  "1_000",
  "1.0",
  "1e3",
  " 5",
  "5 ",
  "5\n",
  '"5"',
  "null",
  "",
  "-",
  "--1",
  "٣",
];

describe("4.2 integers", () => {
  test.each(integers)("%j is none", (text) => {
    for (const parse of [parseInt32Text, parseUint32Text, parseInt64Text, parseUint64Text]) {
      expect(outcome(parse, text)).toEqual(invalid);
    }
  });

  test.each([
    [parseInt32Text, "2147483648"],
    [parseInt32Text, "-2147483649"],
    [parseUint32Text, "4294967296"],
    [parseUint32Text, "-1"],
    [parseInt64Text, "9223372036854775808"],
    [parseInt64Text, "-9223372036854775809"],
    [parseUint64Text, "18446744073709551616"],
    [parseUint64Text, "-1"],
    [parseUint64Text, "9".repeat(100_000)],
  ])("%p refuses what its type can't hold", (parse, text) => {
    expect(outcome(parse, text)).toEqual(outOfRange);
  });

  test.each([
    [parseInt32Text, "-2147483648", -2147483648],
    [parseUint32Text, "4294967295", 4294967295],
    [parseInt64Text, "-9223372036854775808", -(2n ** 63n)],
    [parseUint64Text, "18446744073709551615", 2n ** 64n - 1n],
    [parseInt64Text, "9007199254740993", 9007199254740993n],
    [parseUint32Text, "0", 0],
    [parseInt32Text, "-0", 0],
  ])("%p is exact", (parse, text, value) => {
    expect(outcome(parse, text)).toBe(value);
  });
});

describe("6.3 integer literals", () => {
  test.each([
    ["1e2", 100n],
    ["3.0", 3n],
    ["1.50e1", 15n],
    ["100e-2", 1n],
    ["0e999999999999", 0n],
    ["-0.000", 0n],
    ["-2147483648.0", -2147483648n],
  ])("%s is exact", (literal, value) => {
    expect(parseIntegerLiteral(literal, int32Range)).toBe(value);
  });

  test.each(["0.5", "1e-1", "3.0000000000000000000000001", "1e-999999999999", `${"1".repeat(50)}e-20`])(
    "%s is no integer",
    (literal) => {
      expect(outcome((text) => parseIntegerLiteral(text, int32Range), literal)).toEqual(invalid);
    },
  );

  test.each(["1e10", "1e999999999999", "2147483647.00001e5", "1".repeat(21)])(
    "%s is out of range",
    (literal) => {
      expect(outcome((text) => parseIntegerLiteral(text, int32Range), literal)).toEqual(outOfRange);
    },
  );

  test("beyond 2^53 nothing is rounded", () => {
    expect(parseIntegerLiteral("9007199254740993", uint64Range)).toBe(9007199254740993n);
    expect(parseIntegerLiteral("1.8446744073709551615e19", uint64Range)).toBe(2n ** 64n - 1n);
  });

  test("a million digits take no time", () => {
    const zeros = "0".repeat(1_000_000);
    expect(outcome((text) => parseIntegerLiteral(text, int32Range), `1${zeros}1`)).toEqual(outOfRange);
    expect(parseIntegerLiteral(`1.${zeros}`, int32Range)).toBe(1n);
    expect(outcome((text) => parseIntegerLiteral(text, int32Range), `1.${zeros}1`)).toEqual(invalid);
  });
});

describe("4.3 float and double", () => {
  test.each([
    ".5",
    "5.",
    "inf",
    "nan",
    "infinity",
    "+Infinity",
    "0x1p4",
    '"1.5"',
    "1,5",
    "01.5",
    " 1",
    "1e",
    "",
    "null",
  ])("%j is none", (text) => {
    expect(outcome(parseDoubleText, text)).toEqual(invalid);
    expect(outcome(parseFloatText, text)).toEqual(invalid);
  });

  test("what overflows is out of range, what underflows is rounded", () => {
    expect(outcome(parseDoubleText, "1e400")).toEqual(outOfRange);
    expect(outcome(parseFloatText, "3.5e38")).toEqual(outOfRange);
    expect(parseDoubleText("1e-400")).toBe(0);
    // Above the largest float, but nearer to it than to the next power of two.
    expect(parseFloatText("3.40282355e38")).toBe(3.4028234663852886e38);
  });

  test.each([
    ["NaN", NaN],
    ["Infinity", Infinity],
    ["-Infinity", -Infinity],
    ["-0", -0],
    ["1E+2", 100],
    ["-12.5e-1", -1.25],
  ])("%s", (text, value) => {
    expect(parseDoubleText(text)).toBe(value);
    expect(parseFloatText(text)).toBe(value);
  });
});

test.each(["True", "TRUE", "t", "1", "0", "yes", "", " true", "null"])("4.4 %j is no bool", (text) => {
  expect(outcome(parseBoolText, text)).toEqual(invalid);
});

describe("4.1 bytes", () => {
  test.each(["!!!", "aGk=\n", "aG k", "a", "aGk==", "aGkh=", "=", "====", "a===", "aG=k", "é"])(
    "%j is no base64",
    (text) => {
      expect(outcome(parseBytesText, text)).toEqual(invalid);
    },
  );

  test.each(["+/8=", "+/8", "-_8=", "-_8", "-/8", "+/9"])("%j is two bytes in either alphabet", (text) => {
    expect(parseBytesText(text)).toStrictEqual(Uint8Array.of(0xfb, 0xff));
  });

  test("nothing is no bytes", () => {
    expect(parseBytesText("")).toStrictEqual(new Uint8Array(0));
  });
});

describe("4.5 enum", () => {
  test.each(["red", "NOPE", "null", "", "1.0", "+1", "__proto__", "constructor"])(
    "%j is no value",
    (text) => {
      expect(outcome((t) => parseEnumText(ColorSchema, t), text)).toEqual(invalid);
    },
  );

  test("names, numbers, unknown numbers", () => {
    expect(["GREEN", "-1", "99"].map((text) => parseEnumText(ColorSchema, text))).toStrictEqual([2, -1, 99]);
    expect(outcome((text) => parseEnumText(ColorSchema, text), "2147483648")).toEqual(outOfRange);
  });

  test("NullValue has no null here", () => {
    expect(parseEnumText(NullValueSchema, "NULL_VALUE")).toBe(0);
    expect(outcome((text) => parseEnumText(NullValueSchema, text), "null")).toEqual(invalid);
  });
});

describe("4.7 FieldMask", () => {
  test.each([
    "a,",
    ",",
    "a,,b",
    "a..b",
    ".a",
    "a b",
    "1a",
    "a.*",
    "other__name",
    "other_Name",
    "otherName_x",
    "a_",
  ])("%j is none", (text) => {
    expect(outcome(parseFieldMaskText, text)).toEqual(invalid);
  });

  test.each([
    ["", []],
    ["*", ["*"]],
    ["otherName", ["other_name"]],
    ["other_name,subName.aB", ["other_name", "sub_name.a_b"]],
    ["a,b,a", ["a", "b"]],
  ])("%j", (text, paths) => {
    expect(parseFieldMaskText(text).paths).toStrictEqual(paths);
  });

  test.each(["other_name", "a,b_c", "a,"])("6.3 %j is none in JSON", (text) => {
    expect(outcome(parseFieldMaskJson, text)).toEqual(invalid);
  });
});

test("every scalar type has a grammar", () => {
  const types = Object.values(ScalarType).filter((type) => typeof type === "number");
  for (const type of types) {
    if (type === ScalarType.STRING) expect(parseScalarText(type, "~")).toBe("~");
    else expect(() => parseScalarText(type, "~")).toThrow(Violation);
  }
});

test("10.6 messages repeat at most 64 characters, printable", () => {
  const error = outcome(parseInt32Text, `\u0000\u202e${"x".repeat(1000)}`);
  expect(error).toHaveProperty("message", `must be a 32-bit integer: "\\u0000\\u202e${"x".repeat(61)}…"`);
});
