/** The server under attack. It runs in a process of its own and is the same one for every attack. */
export interface Target {
  readonly url: string;
  readonly pid: number;
  /** The path of a unary method that reads; normal traffic and attacks call it. */
  readonly path: string;
  /** What is sent with it. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How many requests have reached a handler so far, normal traffic included. */
  handlersStarted(): Promise<number>;
}

/** What an attack did and what became of it. Figures that an attack has no use for are left out. */
export interface Outcome {
  /** Frames, requests or bytes that the attacker got rid of. */
  readonly sent: number;
  /** Whether the server put an end to it. */
  readonly ended: boolean;
  /** What went otherwise than it should, in words; empty when nothing did. */
  readonly complaints: readonly string[];
}

/** The limits that an attack has to stay within. Every attack has to be ended, whatever else is set here. */
export interface Bar {
  readonly handlersMax?: number;
  readonly cpuMsMax?: number;
  readonly rssGrowthMax?: number;
}

/** One attack. `run` resolves when the attack is over, whether it was ended or gave up, within a minute. */
export interface Attack {
  /** The promise it tests, as in "S1". */
  readonly promise: string;
  readonly name: string;
  readonly bar: Bar;
  run(target: Target): Promise<Outcome>;
}

/** A loopback address that attackers come from, so that limits per address don't meet the normal traffic. */
export function attackerAddress(index: number): string {
  return `127.0.${1 + Math.floor(index / 200)}.${2 + (index % 200)}`;
}
