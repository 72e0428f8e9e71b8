/** The `code` of an error of node, such as "ECONNRESET"; undefined if it has none. */
export function nodeCode(error: unknown): string | undefined {
  // Not `instanceof Error`: node's errors come from another realm when the caller runs in a vm context.
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
