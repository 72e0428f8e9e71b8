// What the bench asks of its child processes. Each question is one IPC message and has one answer.
import type { Method, Wire } from "../workload/wire.js";

/** Questions by name: what is sent, and what comes back. */
export type Commands = Readonly<Record<string, { ask: unknown; answer: unknown }>>;

/** A server under measurement. */
export type ServerCommands = {
  listen: { ask: { wire: Wire }; answer: { port: number } };
  /** User and system time of the process so far, all threads, in microseconds. */
  cpu: { ask: undefined; answer: { micros: number } };
  /** Resident set size in bytes, after a full garbage collection when started with --expose-gc. */
  memory: { ask: undefined; answer: { bytes: number } };
};

/** The load generator. It drives one target at a time. */
export type LoadCommands = {
  /** Compares one answer per variant of the request with the expected message, then opens all connections. */
  open: { ask: { wire: Wire; method: Method; port: number }; answer: undefined };
  run: { ask: { requests: number }; answer: LoadResult };
  /** Opens HTTP/2 connections, makes one gRPC call on each and leaves them open until the process ends. */
  openIdle: { ask: { port: number; connections: number }; answer: undefined };
  close: { ask: undefined; answer: undefined };
};

/** One closed-loop run. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

/** A client under measurement. */
export type ClientCommands = {
  connect: { ask: { method: Method; port: number }; answer: undefined };
  run: { ask: { calls: number }; answer: ClientResult };
};

/** One closed-loop run, measured in the client's own process. */
export interface ClientResult {
  readonly calls: number;
  readonly seconds: number;
  /** User and system time of the process during the run, in microseconds. */
  readonly cpuMicros: number;
}

/** The IPC messages themselves. */
export interface Question {
  readonly id: number;
  readonly name: string;
  readonly ask: unknown;
}

export type Answer =
  { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly error: string };
