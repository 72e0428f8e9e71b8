// A request for every method of lab.v1, as full as its HTTP rule lets it be.
import { create, type DescMethod, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { anyPack, durationFromMs, EmptySchema, NullValue, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { HttpBodySchema } from "../../gen/ts/google/api/httpbody_pb.js";
import { Color, FileReqSchema, ReqSchema, SubSchema, type Req } from "../../gen/ts/lab/v1/lab_pb.js";
import type { MethodPlan } from "../../platform/contract/plan.js";

type ReqInit = Exclude<MessageInitShape<typeof ReqSchema>, Req>;

const sub = create(SubSchema, {
  name: "sub",
  num: -1,
  sub: { name: "inner", tags: ["x"] },
  tags: ["", "a,b", "ü"],
  wrap: "",
});
const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);

/** What paths and queries can say: scalars, lists of them, wrappers, well-known texts, members of messages. */
export function flatRequest(change: ReqInit = {}): Req {
  return create(ReqSchema, {
    name: "name",
    otherName: "ü 漢 \u0000 /?&=%+",
    i32: -2_147_483_648,
    i64: -(2n ** 63n),
    u32: 4_294_967_295,
    u64: 2n ** 64n - 1n,
    dbl: 1.7976931348623157e308,
    flt: Math.fround(0.1),
    flag: true,
    data: bytes,
    color: Color.NEG,
    tags: ["", "a,b"],
    nums: [0, -1, 2_147_483_647],
    colors: [Color.RED, Color.GREEN],
    ts: timestampFromMs(1_700_000_000_123),
    dur: durationFromMs(-1500),
    mask: { paths: ["name", "other_name"] },
    sw: "wrapped",
    iw: 2n ** 53n + 1n,
    bw: false,
    byw: bytes,
    optStr: "",
    optI32: 0,
    choice: { case: "choiceI", value: 0 },
    labels: { a: "1", "b.c": "" },
    sub,
    custom: "renamed",
    f64: 2n ** 53n + 1n,
    s32: -1,
    datas: [new Uint8Array(), bytes],
    sws: [{ value: "" }, { value: "w" }],
    ...change,
  });
}

/** What only a body can say, besides. */
export function fullRequest(change: ReqInit = {}): Req {
  return flatRequest({
    choice: { case: "choiceM", value: sub },
    subs: [create(SubSchema), sub],
    st: { null: null, true: true, number: 1.5, text: "", list: [1, ["2"], {}], nested: { a: { b: null } } },
    dw: NaN,
    val: { kind: { case: "nullValue", value: NullValue.NULL_VALUE } },
    any: anyPack(SubSchema, sub),
    empty: create(EmptySchema),
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- open enums keep numbers that have no name
    colors: [Color.RED, 7 as Color],
    ...change,
  });
}

/** A request for a method: full where its body is the whole message. */
export function labRequest(plan: MethodPlan): Message {
  const { input } = plan.method;
  if (input.typeName === HttpBodySchema.typeName)
    return create(HttpBodySchema, { contentType: "text/plain; charset=utf-8", data: Buffer.from("raw ü") });
  if (input.typeName === FileReqSchema.typeName) {
    const file = { contentType: "application/octet-stream", data: bytes };
    return create(FileReqSchema, { name: "file", file, note: "note" });
  }
  const { httpRule } = plan;
  const named = nameFor(plan.method, httpRule?.pattern.value);
  if (httpRule === undefined || httpRule.body === "*") return fullRequest(named);
  return flatRequest({ ...named, ...(httpRule.body === "subs" && { subs: [sub, sub] }) });
}

/** A name that fits the pattern of the path: `shelves/*` wants "shelves/s". */
function nameFor(method: DescMethod, pattern: unknown): ReqInit {
  const template = typeof pattern === "string" ? pattern : "";
  const match = /\{name=([^}]*)\}/.exec(template);
  if (match === null) return { name: `${method.name} ü` };
  return { name: (match[1] ?? "").replaceAll("**", "deep/er").replaceAll("*", "s") };
}
