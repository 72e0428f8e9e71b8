// Timestamp and Duration as text: TRANSCODING.md 4.6 to read, 9.1 to write. On the hot path: most messages have times.
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";

import { refusal } from "./json-refusal.js";

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, in seconds since 1970. */
const timestampSecondsMin = -62135596800;
const timestampSecondsMax = 253402300799;

/** About 10,000 years. */
const durationSecondsMax = 315576000000;

const daySeconds = 86400;
const timestampSentence = "must be a time such as 2024-01-02T03:04:05Z";
const durationSentence = "must be a duration such as 1.5s";

/** Reads an RFC 3339 time, upper case, at most nine digits of fraction, a real date. Throws Violation. */
export function parseTimestampText(text: string): Timestamp {
  // Whatever is no digit makes NaN, which passes through all the sums to the end.
  const day = dayNumber(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2));
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  const fractionEnd = text.charCodeAt(19) === dot ? digitsEnd(text, 20) : 19;
  const nanos = fractionEnd === 19 ? 0 : nanosOf(text, 20, fractionEnd);
  const seconds = day * daySeconds + hour * 3600 + minute * 60 + second - offsetSeconds(text, fractionEnd);
  const fits = hour <= 23 && minute <= 59 && second <= 59 && separated(text);
  if (!fits || Number.isNaN(nanos) || Number.isNaN(seconds))
    throw refusal("INVALID_VALUE", timestampSentence, text);
  if (seconds < timestampSecondsMin || seconds > timestampSecondsMax) {
    throw refusal("OUT_OF_RANGE", "must be in the years 0001 to 9999", text);
  }
  return { $typeName: "google.protobuf.Timestamp", seconds: BigInt(seconds), nanos };
}

const [plus, minus, dot, colon, upperT, upperZ] = [0x2b, 0x2d, 0x2e, 0x3a, 0x54, 0x5a];

function separated(text: string): boolean {
  return (
    text.charCodeAt(4) === minus &&
    text.charCodeAt(7) === minus &&
    text.charCodeAt(10) === upperT &&
    text.charCodeAt(13) === colon &&
    text.charCodeAt(16) === colon
  );
}

/** Seconds to take off for what stands from `at` to the end: `Z`, `+hh:mm` or `-hh:mm`. NaN if it is none of them. */
function offsetSeconds(text: string, at: number): number {
  const sign = text.charCodeAt(at);
  if (sign === upperZ) return text.length === at + 1 ? 0 : NaN;
  const hours = digits(text, at + 1, 2);
  const minutes = digits(text, at + 4, 2);
  if (text.length !== at + 6 || text.charCodeAt(at + 3) !== colon || !(hours <= 23 && minutes <= 59))
    return NaN;
  if (sign === plus) return hours * 3600 + minutes * 60;
  return sign === minus ? -(hours * 3600 + minutes * 60) : NaN;
}

/** The number that `count` digits from `at` on make. NaN if one of them is no digit. */
function digits(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

function digitsEnd(text: string, from: number): number {
  let at = from;
  let byte = text.charCodeAt(at);
  while (byte >= 0x30 && byte <= 0x39) byte = text.charCodeAt(++at);
  return at;
}

/** Nanoseconds of a fraction of 1 to 9 digits, else NaN. */
function nanosOf(text: string, from: number, to: number): number {
  const count = to - from;
  return count >= 1 && count <= 9 ? digits(text, from, count) * (powersOfTen[9 - count] ?? NaN) : NaN;
}

const powersOfTen = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

/** Days of 1970-01-01 until the date, proleptic Gregorian. NaN if there is no such date. */
function dayNumber(year: number, month: number, day: number): number {
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysOfMonth(year, month))) return NaN;
  // Howard Hinnant's days_from_civil: the year starts in March, so that the leap day is its last.
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Reads seconds with a fraction of at most nine digits and an `s`. Throws Violation. */
export function parseDurationText(text: string): Duration {
  const split = /^(-?)([0-9]+)(?:\.([0-9]{1,9}))?s$/.exec(text);
  if (split === null) throw refusal("INVALID_VALUE", durationSentence, text);
  const [, sign = "", whole = "", fraction = ""] = split;
  const seconds = Number(whole);
  const nanos = Number(fraction.padEnd(9, "0"));
  if (seconds > durationSecondsMax || (seconds === durationSecondsMax && nanos > 0)) {
    throw refusal("OUT_OF_RANGE", "must be at most 315576000000s", text);
  }
  return {
    $typeName: "google.protobuf.Duration",
    seconds: BigInt(sign === "" ? seconds : -seconds),
    // Not -nanos alone: zero would become negative zero.
    nanos: sign === "" ? nanos : 0 - nanos,
  };
}

/** Whether JSON can say the value: TRANSCODING.md 4.6 applies to sub-fields that were set one by one, too. */
export function timestampInRange({ seconds, nanos }: Timestamp): boolean {
  const whole = Number(seconds);
  return whole >= timestampSecondsMin && whole <= timestampSecondsMax && nanos >= 0 && nanos <= 999_999_999;
}

/** Whether JSON can say the value: in range, and of one sign. */
export function durationInRange({ seconds, nanos }: Duration): boolean {
  const whole = Number(seconds);
  if (Math.abs(nanos) > 999_999_999 || (whole > 0 && nanos < 0) || (whole < 0 && nanos > 0)) return false;
  return Math.abs(whole) < durationSecondsMax || (Math.abs(whole) === durationSecondsMax && nanos === 0);
}

const twoDigits = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, "0"));

/** Writes a time in UTC with `Z` and 0, 3, 6 or 9 digits of fraction. Throws Error if it is out of range. */
export function formatTimestamp(timestamp: Timestamp): string {
  if (!timestampInRange(timestamp)) throw new Error("a Timestamp is out of the range that JSON can say");
  const seconds = Number(timestamp.seconds);
  const day = Math.floor(seconds / daySeconds);
  const ofDay = seconds - day * daySeconds;
  const hour = Math.floor(ofDay / 3600);
  const minute = Math.floor(ofDay / 60) % 60;
  return `${dateOf(day)}T${two(hour)}:${two(minute)}:${two(ofDay % 60)}${fractionOf(timestamp.nanos)}Z`;
}

/** The date so many days after 1970-01-01, in the years 0001 to 9999. Date takes longer than the rest of a small message. */
function dateOf(days: number): string {
  // Howard Hinnant's civil_from_days, the reverse of dayNumber.
  const shifted = days + 719468;
  const era = Math.floor(shifted / 146097);
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${two(Math.floor(year / 100))}${two(year % 100)}-${two(month)}-${two(day)}`;
}

function two(value: number): string {
  return twoDigits[value] ?? "";
}

/** Writes seconds with 0, 3, 6 or 9 digits of fraction and an `s`. Throws Error if it is out of range. */
export function formatDuration(duration: Duration): string {
  if (!durationInRange(duration)) throw new Error("a Duration is out of the range that JSON can say");
  const { seconds, nanos } = duration;
  const sign = seconds < 0n || nanos < 0 ? "-" : "";
  return `${sign}${seconds < 0n ? -seconds : seconds}${fractionOf(Math.abs(nanos))}s`;
}

function fractionOf(nanos: number): string {
  if (nanos === 0) return "";
  const nine = String(nanos).padStart(9, "0");
  if (nanos % 1_000_000 === 0) return `.${nine.slice(0, 3)}`;
  return nanos % 1000 === 0 ? `.${nine.slice(0, 6)}` : `.${nine}`;
}
