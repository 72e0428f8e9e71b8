/** Who is calling, as the authenticate step found out. */
export interface Principal {
  readonly kind: "anonymous" | "token" | "user" | "service";
  /** Id of the token, user or service; "" for anonymous. Never a secret. */
  readonly id: string;
  /** What the credential may do, for example "zone.read". */
  readonly permissions: ReadonlySet<string>;
  /** The accounts on which it may do so; "all" for credentials of the platform itself. */
  readonly accounts: ReadonlySet<string> | "all";
}

/** A caller without a credential. */
export const anonymous: Principal = {
  kind: "anonymous",
  id: "",
  permissions: new Set(),
  accounts: new Set(),
};
