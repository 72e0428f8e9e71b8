import type { Answer, Commands, Question } from "./commands.js";

/** One function per question. */
export type Answers<C extends Commands> = {
  readonly [K in keyof C]: (ask: C[K]["ask"]) => C[K]["answer"] | Promise<C[K]["answer"]>;
};

/** Answers the parent's questions until the parent is gone, then exits: no child outlives its bench. */
export function answerParent<C extends Commands>(answers: Answers<C>): void {
  process.on("message", (message) => {
    // The only sender is the parent, which is startChild().
    void answerOne(answers, message as Question);
  });
  process.on("disconnect", () => process.exit());
}

async function answerOne<C extends Commands>(answers: Answers<C>, question: Question): Promise<void> {
  try {
    const answer = await answers[question.name]?.(question.ask);
    send({ id: question.id, answer });
  } catch (error) {
    send({ id: question.id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

function send(answer: Answer): void {
  process.send?.(answer);
}
