import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Answer, Commands, Question } from "./commands.js";

/** A child process that answers questions; see answerParent(). */
export interface Child<C extends Commands> {
  /** Rejects with the child's error, or when the child ends before it answers. */
  ask<K extends keyof C & string>(name: K, ask: C[K]["ask"]): Promise<C[K]["answer"]>;
  close(): Promise<void>;
}

/** Where a process runs and with which options of node. */
export interface Placement {
  /** The one CPU it may use; undefined leaves it to the operating system. */
  readonly cpu: number | undefined;
  readonly nodeOptions?: readonly string[];
}

/** A question without an answer yet. */
interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** Whether processes can be pinned: two CPUs, and Linux's taskset. */
export function canPin(): boolean {
  return ["0", "1"].every((cpu) => spawnSync("taskset", ["-c", cpu, "true"]).status === 0);
}

/** Starts `node script`, a module of the bench. */
export function startChild<C extends Commands>(script: URL, { cpu, nodeOptions = [] }: Placement): Child<C> {
  const node = [process.execPath, ...nodeOptions, fileURLToPath(script)];
  const command = cpu === undefined ? node : ["taskset", "-c", String(cpu), ...node];
  const [executable = process.execPath, ...args] = command;
  const child = spawn(executable, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let ended: Error | undefined;

  child.on("message", (message) => {
    // The only sender is answerParent() in the child.
    const answer = message as unknown as Answer;
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ("error" in answer) asked?.reject(new Error(`${script.pathname}: ${answer.error}`));
    else asked?.resolve(answer.answer);
  });
  const end = (why: string): void => {
    ended = new Error(`${script.pathname} ${why}`);
    for (const asked of waiting.values()) asked.reject(ended);
    waiting.clear();
  };
  child.on("error", (error) => end(`did not start: ${error.message}`));
  child.on("exit", (code, signal) => end(`ended with ${signal ?? code}`));

  return {
    ask(name, ask) {
      if (ended !== undefined) return Promise.reject(ended);
      const id = ++lastId;
      // answerParent() is typed by the same Commands, so the answer has the type that belongs to the name.
      return new Promise<never>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        child.send({ id, name, ask } satisfies Question);
      });
    },
    async close() {
      if (ended !== undefined) return;
      const exit = once(child, "exit");
      child.kill();
      await exit;
    },
  };
}
