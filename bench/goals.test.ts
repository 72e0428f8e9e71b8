import { describe, expect, test } from "@jest/globals";
import { rpcCases, rpcSelf } from "./cases.js";
import { judge, passes, type Group, type Verdict } from "./goals.js";
import type { Measured } from "./rounds.js";

/** Three rounds of a case, all with the same CPU time. */
function measured(name: string, cpuMicros: number): Measured {
  const sample = { cpuMicros, perSecond: 1, busy: 1, p50Micros: 1, p99Micros: 1 };
  return { name, samples: [sample, sample, sample] };
}

/** A run of GetRecord in which all of ours take 100 us and the A/A twin takes `twin`. */
function run({ peers, twin = 100 }: { peers: number; twin?: number }): Group {
  const cpuMicros = (name: string, server: string): number =>
    name === rpcSelf[1] ? twin : server === "trunkline" ? 100 : peers;
  return {
    suite: "rpc",
    method: "GetRecord",
    measured: rpcCases.map(({ name, server }) => measured(name, cpuMicros(name, server))),
  };
}

function outcomeOf(verdicts: readonly Verdict[], ours: string, peer: string): string | undefined {
  return verdicts.find(({ goal }) => goal.ours === ours && goal.peer === peer)?.outcome;
}

describe("the gate", () => {
  test("fails when nothing was measured", () => {
    expect(passes(judge(["rpc"], []))).toBe(false);
  });

  test("fails when a peer of a gated goal was left out", () => {
    const { measured: all, ...group } = run({ peers: 1000 });
    const some = all.filter(({ name }) => name !== "Fastify REST");
    expect(passes(judge(["rpc"], [{ ...group, measured: some }]))).toBe(false);
  });

  test("fails when a goal is missed by more than the noise", () => {
    const verdicts = judge(["rpc"], [run({ peers: 50 })]);
    expect(outcomeOf(verdicts, "trunkline REST", "Fastify REST")).toBe("missed");
    expect(passes(verdicts)).toBe(false);
  });

  test("forgives what is within the noise of the same run", () => {
    const verdicts = judge(["rpc"], [run({ peers: 70, twin: 80 })]);
    expect(outcomeOf(verdicts, "trunkline REST", "Fastify REST")).toBe("within noise");
  });

  test("passes when every gated goal is reached", () => {
    expect(passes(judge(["rpc"], [run({ peers: 1000 })]))).toBe(true);
  });

  test("does not look at suites that were not asked for", () => {
    expect(judge(["client"], []).map(({ goal }) => goal.suite)).not.toContain("rpc");
  });
});

test("every goal names cases that exist", () => {
  const verdicts = judge(["rpc"], [run({ peers: 1000 })]).filter(({ goal }) => goal.method === "GetRecord");
  expect(verdicts.map(({ outcome }) => outcome)).not.toContain("not measured");
});
