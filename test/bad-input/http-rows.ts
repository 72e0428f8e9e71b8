// Requests that are wrong before any message is read.
import type { RawRequest } from "../http.js";
import { goodMessages } from "./messages.js";
import { frame, type Verdict } from "./probe.js";

/** A request that is wrong as HTTP, or for the method it names. */
export interface HttpRow {
  readonly name: string;
  /** The listener it is sent to. */
  readonly on: "internal" | "public";
  readonly request: RawRequest;
  readonly expected: Partial<Verdict> & { readonly status: number };
}

const json = { "content-type": "application/json" };
/** A method that changes something. */
export const starPath = "/lab.v1.Lab/Star";
const get = (query: string): RawRequest => ({ method: "GET", path: `/lab.v1.Lab/Query?${query}` });
const badRequest = { status: 400, code: "invalid_argument" };

/** The requests, each for HTTP/1.1 and HTTP/2. */
export const httpRows: readonly HttpRow[] = [
  {
    name: "an unknown method",
    on: "internal",
    request: { path: "/lab.v1.Lab/Nope", headers: json, body: "{}" },
    expected: { status: 404 },
  },
  {
    name: "an unknown service",
    on: "internal",
    request: { path: "/no.Such/Get", headers: json, body: "{}" },
    expected: { status: 404 },
  },
  {
    name: "an unknown method of gRPC-Web",
    on: "internal",
    request: { path: "/no.Such/Get", headers: { "content-type": "application/grpc-web" } },
    expected: { status: 200, code: "unimplemented" },
  },
  {
    name: "an internal method on the public listener",
    on: "public",
    request: { path: "/lab.v1.Lab/Unbound", headers: json, body: "{}" },
    expected: { status: 404 },
  },
  {
    name: "an unknown path",
    on: "public",
    request: { method: "GET", path: "/v1/nope" },
    expected: { status: 404 },
  },
  {
    name: "gRPC on the public listener",
    on: "public",
    request: {
      path: starPath,
      headers: { "content-type": "application/grpc-web" },
      body: frame(goodMessages.binary),
    },
    expected: { status: 415 },
  },
  {
    name: "gRPC over HTTP/1.1",
    on: "internal",
    request: {
      path: starPath,
      headers: { "content-type": "application/grpc" },
      body: frame(goodMessages.binary),
    },
    expected: { status: 426 },
  },
  {
    name: "GET of a change",
    on: "internal",
    request: { method: "GET", path: starPath },
    expected: { status: 405 },
  },
  {
    name: "PUT",
    on: "internal",
    request: { method: "PUT", path: starPath, headers: json },
    expected: { status: 405 },
  },
  {
    name: "DELETE",
    on: "internal",
    request: { method: "DELETE", path: starPath },
    expected: { status: 405 },
  },
  {
    name: "HEAD of a change",
    on: "internal",
    request: { method: "HEAD", path: starPath },
    expected: { status: 405 },
  },
  {
    name: "PUT of a REST path for POST",
    on: "public",
    request: { method: "PUT", path: "/v1/star/x" },
    expected: { status: 405 },
  },
  { name: "GET without a message", on: "internal", request: get("encoding=json"), expected: badRequest },
  { name: "GET without an encoding", on: "internal", request: get("message=%7B%7D"), expected: badRequest },
  {
    name: "GET with an unknown encoding",
    on: "internal",
    request: get("encoding=xml&message=%7B%7D"),
    expected: badRequest,
  },
  {
    name: "GET with base64 that is none",
    on: "internal",
    request: get("encoding=proto&base64=1&message=***"),
    expected: badRequest,
  },
  {
    name: "GET with broken JSON",
    on: "internal",
    request: get("encoding=json&message=%7B"),
    expected: badRequest,
  },
  {
    name: "GET with invalid UTF-8",
    on: "internal",
    request: get("encoding=json&message=%7B%22otherName%22%3A%22%FF%22%7D"),
    expected: badRequest,
  },
  {
    name: "GET of an unknown version",
    on: "internal",
    request: get("connect=v2&encoding=json&message=%7B%7D"),
    expected: badRequest,
  },
  {
    name: "a broken escape in a path",
    on: "public",
    request: { method: "GET", path: "/v1/get/%zz" },
    expected: { status: 400 },
  },
  {
    name: "invalid UTF-8 in a path",
    on: "public",
    request: { method: "GET", path: "/v1/get/%ff" },
    expected: { status: 400 },
  },
  {
    name: "an unknown parameter",
    on: "public",
    request: { method: "GET", path: "/v1/q?nope=1" },
    expected: badRequest,
  },
  {
    name: "a parameter __proto__",
    on: "public",
    request: { method: "GET", path: "/v1/q?__proto__.x=1" },
    expected: badRequest,
  },
  {
    name: "int64 beyond its range in a query",
    on: "public",
    request: { method: "GET", path: "/v1/q?i64=9223372036854775808" },
    expected: badRequest,
  },
  {
    name: "a target of 9 KB",
    on: "public",
    request: { method: "GET", path: `/v1/q?name=${"x".repeat(9000)}` },
    expected: { status: 414 },
  },
];
