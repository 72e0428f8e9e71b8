/** A position in a trace, W3C Trace Context. */
export interface Trace {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** Id of this call's span: 16 lower-case hex digits. */
  readonly spanId: string;
  /** Id of the caller's span; "" at the root. */
  readonly parentId: string;
  readonly sampled: boolean;
  /** `tracestate` of the caller, passed on unchanged; "" without. */
  readonly state: string;
}
