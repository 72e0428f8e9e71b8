// Hot path: makes every message that is read.
import { create, type DescMessage, type Message } from "@bufbuild/protobuf";

import { compileMessage } from "./binary-compile.js";

/** A message whose fields are set by name; which names there are, only the descriptor knows. */
export type OpenMessage = Message & { [localName: string]: unknown };

/**
 * Makes empty messages, the same as `create(desc)` makes. Where the type is compiled for the binary codec, its
 * constructor is used: messages then have one hidden class, whatever wire they came over.
 */
export function messageFactory(desc: DescMessage): () => OpenMessage {
  const compiled = compileMessage(desc);
  // A cast, as the descriptor is known at run time only.
  if (compiled === undefined) return () => create(desc) as OpenMessage;
  const { Message } = compiled;
  return () => new Message();
}
