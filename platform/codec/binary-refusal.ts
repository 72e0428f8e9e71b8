/**
 * Gives up the fast road, by throwing: binary.ts then asks protobuf-es, which handles the unusual and words every
 * error. So the compiled codecs may refuse what is legal and rare, but must never do what protobuf-es would not.
 */
export function refuse(reason: string): never {
  throw new Error(`unusual message: ${reason}`);
}
