// Hot path: makes every message that a handler returns.
import { create, type DescMessage, type Message } from "@bufbuild/protobuf";

import { compileMessage } from "./binary-compile.js";

/**
 * Makes messages from init shapes, the same as `create(desc, init)` makes: a message of the type is returned as it is,
 * here and in fields. Where the type is compiled for the binary codec, so is this, and messages have one hidden class
 * whether they were built, or read from binary or JSON. Throws where `init` is undefined or null.
 */
export function messageFrom(desc: DescMessage): (init: unknown) => Message {
  const { typeName } = desc;
  // Casts, as the descriptor is known at run time only: whoever calls this has an init shape or a message of its type.
  const build = compileMessage(desc)?.from ?? ((init) => create(desc, init as never));
  return (init) => {
    const message = init as Message;
    return message.$typeName === typeName ? message : build(message);
  };
}
