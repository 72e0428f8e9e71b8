import { refusal } from "./json-refusal.js";

/** The values that an integer type holds, and what to call it in a refusal. */
export interface IntegerRange {
  readonly min: bigint;
  readonly max: bigint;
  readonly sentence: string;
}

export const int32Range = integerRange(-(2n ** 31n), 2n ** 31n - 1n, "a 32-bit integer");
export const uint32Range = integerRange(0n, 2n ** 32n - 1n, "an unsigned 32-bit integer");
export const int64Range = integerRange(-(2n ** 63n), 2n ** 63n - 1n, "a 64-bit integer");
export const uint64Range = integerRange(0n, 2n ** 64n - 1n, "an unsigned 64-bit integer");

function integerRange(min: bigint, max: bigint, name: string): IntegerRange {
  return { min, max, sentence: `must be ${name}` };
}

/** Digits of 2^64 - 1. Longer integers are out of range of every type, and never become a bigint. */
const digitsMax = 20;

/**
 * Reads a decimal integer as it may stand in a path, a query, a string of a JSON text or a map key: TRANSCODING.md 4.2.
 * Throws Violation (without a path).
 */
export function parseInteger(text: string, range: IntegerRange): bigint {
  if (!/^-?(?:0|[1-9][0-9]*)$/.test(text)) throw refusal("INVALID_VALUE", range.sentence, text);
  return inRange(text, text.length > digitsMax + 1 ? undefined : BigInt(text), range);
}

/** The exact value of a JSON number literal, `1e2` and `3.0` included: TRANSCODING.md 6.3. Throws Violation. */
export function parseIntegerLiteral(literal: string, range: IntegerRange): bigint {
  const split = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(literal);
  if (split === null) throw refusal("INVALID_VALUE", range.sentence, literal);
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = split;
  // Significant digits, without zeros at either end: the value is `digits * 10 ** scale`.
  const padded = whole + fraction;
  const kept = withoutTrailingZeros(padded);
  const digits = kept.replace(/^0+/, "");
  if (digits === "") return 0n;
  // An exponent may have a million digits. As a number it becomes infinite at worst, which is out of range or no integer.
  const scale = Number(exponent) - fraction.length + (padded.length - kept.length);
  if (scale < 0) throw refusal("INVALID_VALUE", range.sentence, literal);
  const value = digits.length + scale > digitsMax ? undefined : BigInt(sign + digits + "0".repeat(scale));
  return inRange(literal, value, range);
}

/** Not a regular expression: `/0+$/` takes quadratic time on zeros that are not at the end. */
function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end--;
  return digits.slice(0, end);
}

function inRange(text: string, value: bigint | undefined, range: IntegerRange): bigint {
  if (value === undefined || value < range.min || value > range.max) {
    throw refusal("OUT_OF_RANGE", range.sentence, text);
  }
  return value;
}
