import { describe, expect, test } from "@jest/globals";
import { lab } from "../../test/transcoding/lab-rule.js";

const query = lab({ rule: { pattern: { case: "get", value: "/q" } } });

describe("query parameters", () => {
  test.each([
    ["", {}],
    ["&&name=a&", { name: "a" }],
    ["name=a=b?c;d", { name: "a=b?c;d" }],
    ["name=a+b%2B%26", { name: "a b+&" }],
    ["opt_str", { optStr: "" }],
    ["sub%2Ename=x", { sub: { name: "x" } }],
    ["renamedField=x", { renamedField: "x" }],
    ["custom=x", { renamedField: "x" }],
    [
      "sub.sub.name=x&sub.num=2&sub.tags=a&sub.tags=b",
      { sub: { num: 2, sub: { name: "x" }, tags: ["a", "b"] } },
    ],
    ["tags=a,b&tags=", { tags: ["a,b", ""] }],
    ["colors=RED&colors=2&colors=-1&colors=7", { colors: ["RED", "GREEN", "NEG", 7] }],
    ["sws=a&sws=", { sws: ["a", ""] }],
    ["datas=+/8&datas=-_8=", { datas: ["+/8=", "+/8="] }],
    ["data=%20+8=", undefined],
    ["name=a+b&byw=a+Gk", { name: "a b", byw: "a+Gk" }],
    [
      "i64=-9223372036854775808&u64=18446744073709551615",
      { i64: "-9223372036854775808", u64: "18446744073709551615" },
    ],
    ["dbl=-1.5e3&flt=Infinity&dw=NaN", { dbl: -1500, flt: "Infinity", dw: "NaN" }],
    ["flag=true&bw=false", { flag: true, bw: false }],
    ["sw=&iw=0&opt_i32=0", { sw: "", iw: "0", optI32: 0 }],
    ["sw.value=x", { sw: "x" }],
    ["choice_m.name=a&choice_m.num=1", { choiceM: { name: "a", num: 1 } }],
    ["ts.seconds=1&ts.nanos=500000000", { ts: "1970-01-01T00:00:01.500Z" }],
    ["dur.seconds=-1&dur.nanos=-1", { dur: "-1.000000001s" }],
    ["mask=a,otherName&mask=other_name&mask.paths=b", { mask: "a,otherName,b" }],
    ["mask=", { mask: "" }],
    ["labels[a]=1&labels[b.c]=2&labels[x]y]=3", { labels: { a: "1", "b.c": "2", "x]y": "3" } }],
    ["st=%7B%22a%22:[1,null]%7D", { st: { a: [1, null] } }],
    ["val=%22x%22", { val: "x" }],
    ["val=null", { val: null }],
    ["nul=NULL_VALUE", {}],
    ["subs=x", undefined],
  ])("%s", async (text, decoded) => {
    const result = await query(`GET /q?${text}`);
    expect(result.decoded).toEqual(decoded);
    expect(result.status).toBe(decoded === undefined ? 400 : 200);
  });

  test("keys that objects of the host language have are ordinary map keys", async () => {
    const { decoded } = await query("GET /q?labels[__proto__]=x&labels[constructor]=y");
    expect(JSON.stringify(decoded)).toBe('{"labels":{"__proto__":"x","constructor":"y"}}');
  });

  test.each([
    ["name=%ZZ", []],
    ["name=%FF", []],
    ["name=%2", []],
    ["%FF=a", []],
    ["=a", []],
    ["nosuch=1", ["nosuch UNKNOWN_FIELD"]],
    ["Name=x", ["Name UNKNOWN_FIELD"]],
    ["a%0Ab=x", ["a\\u000ab UNKNOWN_FIELD"]],
    [".=x", [". UNKNOWN_FIELD"]],
    ["sub.=x", ["sub. UNKNOWN_FIELD"]],
    ["sub..name=x", ["sub..name UNKNOWN_FIELD"]],
    ["name.x=y", ["name.x UNKNOWN_FIELD"]],
    ["subs.name=x", ["subs.name UNKNOWN_FIELD"]],
    ["labels.k=v", ["labels.k UNKNOWN_FIELD"]],
    ["tags[]=a", ["tags[] UNKNOWN_FIELD"]],
    ["tags[0]=a", ["tags[0] UNKNOWN_FIELD"]],
    ["st.k=v", ["st.k UNKNOWN_FIELD"]],
    ["any.type_url=x", ["any.type_url UNKNOWN_FIELD"]],
    ["empty.x=y", ["empty.x UNKNOWN_FIELD"]],
    ["__proto__.x=1", ["__proto__.x UNKNOWN_FIELD"]],
    ["constructor=1", ["constructor UNKNOWN_FIELD"]],
    ["toString=1", ["toString UNKNOWN_FIELD"]],
    [`${"sub.".repeat(100)}name=x`, [expect.stringMatching(/UNKNOWN_FIELD$/)]],
    ["any=x", ["any INVALID_VALUE"]],
    ["empty=x", ["empty INVALID_VALUE"]],
    ["sub=x", ["sub INVALID_VALUE"]],
    ["labels=v", ["labels INVALID_VALUE"]],
    ["labels[]=v", ["labels[] INVALID_VALUE"]],
    ["labels[a]=1&labels[a]=1", ["labels[a] DUPLICATE_FIELD"]],
    ["name=a&name=a", ["name DUPLICATE_FIELD"]],
    ["opt_str=a&optStr=b", ["optStr DUPLICATE_FIELD"]],
    ["sw=a&sw.value=b", ["sw DUPLICATE_FIELD"]],
    ["ts=2024-01-02T03:04:05Z&ts.seconds=1", ["ts.seconds DUPLICATE_FIELD"]],
    ["ts.seconds=1&ts=2024-01-02T03:04:05Z", ["ts DUPLICATE_FIELD"]],
    ["val=1&val=2", ["val DUPLICATE_FIELD"]],
    ["choice_i=1&choice_s=a", ["choiceS ONEOF_CONFLICT"]],
    ["choice_s=a&choice_s=b", ["choiceS DUPLICATE_FIELD"]],
    ["choice_s=a&choice_m.name=b", ["choiceM.name ONEOF_CONFLICT"]],
    ["choice_m.name=b&choice_s=a", ["choiceS ONEOF_CONFLICT"]],
    ["i32=+5", ["i32 INVALID_VALUE"]],
    ["i32=2147483648", ["i32 OUT_OF_RANGE"]],
    ["i64=9223372036854775808", ["i64 OUT_OF_RANGE"]],
    ["u32=-1", ["u32 OUT_OF_RANGE"]],
    ["flt=3.5e38", ["flt OUT_OF_RANGE"]],
    ["ts.seconds=253402300800", ["ts.seconds OUT_OF_RANGE"]],
    ["ts.nanos=-1", ["ts.nanos OUT_OF_RANGE"]],
    ["dur.seconds=1&dur.nanos=-1", ["dur.nanos OUT_OF_RANGE"]],
    ["mask=a,,b", ["mask INVALID_VALUE"]],
    ["mask=a__b", ["mask INVALID_VALUE"]],
    ["mask.paths=", undefined],
    ["val=", ["val INVALID_VALUE"]],
    ["val=%7B%22a%22:1,%22a%22:2%7D", ["val DUPLICATE_FIELD"]],
    ["st=1", ["st INVALID_VALUE"]],
    ["i32=x&u32=y&nosuch=z", ["i32 INVALID_VALUE", "u32 INVALID_VALUE", "nosuch UNKNOWN_FIELD"]],
  ])("%s is refused", async (text, violations) => {
    const result = await query(`GET /q?${text}`);
    if (violations === undefined) expect(result).toEqual({ status: 200, decoded: { mask: "" } });
    else expect(result).toEqual({ status: 400, violations });
  });

  test("long map keys are told apart", async () => {
    const key = "k".repeat(80);
    expect((await query(`GET /q?labels[${key}a]=1&labels[${key}b]=2`)).status).toBe(200);
  });

  test("more than 1000 parameters are refused", async () => {
    const long = lab({ rule: { pattern: { case: "get", value: "/q" } }, targetBytesMax: 1 << 20 });
    expect((await long(`GET /q?${"tags=a&".repeat(1000)}`)).status).toBe(200);
    expect((await long(`GET /q?${"tags=a&".repeat(1001)}`)).status).toBe(400);
  });

  test("parameters on the list are passed over, fields are not", async () => {
    const ignoring = lab({
      rule: { pattern: { case: "get", value: "/q" } },
      queryIgnored: ["utm_*", "key", "na*"],
    });
    expect(await ignoring("GET /q?utm_x=1&key=2&name=a")).toEqual({ status: 200, decoded: { name: "a" } });
    expect((await ignoring("GET /q?keys=2")).status).toBe(400);
  });
});

describe("one source", () => {
  const nested = lab({ rule: { pattern: { case: "get", value: "/n/{sub.sub.name}/{ts}/{choice_s}" } } });
  const base = "GET /n/x/2024-01-02T03:04:05Z/c";
  test.each([
    ["sub.sub.name=x", ["sub.sub.name SOURCE_CONFLICT"]],
    ["sub.sub=x", ["sub.sub SOURCE_CONFLICT"]],
    ["sub=x", ["sub SOURCE_CONFLICT"]],
    ["ts=2024-01-02T03:04:05Z", ["ts SOURCE_CONFLICT"]],
    ["ts.seconds=1", ["ts.seconds SOURCE_CONFLICT"]],
    ["choiceS=c", ["choiceS SOURCE_CONFLICT"]],
    ["choiceI=1", ["choiceI ONEOF_CONFLICT"]],
  ])("%s is refused", async (text, violations) => {
    expect(await nested(`${base}?${text}`)).toEqual({ status: 400, violations });
  });

  test("siblings of a path field are fine", async () => {
    const { decoded } = await nested(`${base}?sub.name=q&sub.sub.num=1`);
    expect(decoded).toMatchObject({ sub: { name: "q", sub: { name: "x", num: 1 } } });
  });
});

describe("queries of lenient services", () => {
  const lenient = lab({
    rule: { pattern: { case: "get", value: "/q" } },
    service: { lenient: true, commaLists: true, ignoreTrailingSlash: true },
  });
  test.each([
    ["/q/?nosuch=1&.=x&tags[]=a", {}],
    ["/q?colors=RED,GREEN&colors=NEG", { colors: ["RED", "GREEN", "NEG"] }],
    ["/q?tags=a,b", { tags: ["a,b"] }],
  ])("%s", async (target, decoded) => {
    expect(await lenient(`GET ${target}`)).toEqual({ status: 200, decoded });
  });

  test.each([["name=a&name=b"], ["i32=x"], ["name=%ZZ"]])("%s is refused all the same", async (text) => {
    expect((await lenient(`GET /q?${text}`)).status).toBe(400);
  });
});
