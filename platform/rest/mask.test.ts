import { describe, expect, test } from "@jest/globals";
import { lab } from "../../test/transcoding/lab-rule.js";

const rule = { pattern: { case: "patch", value: "/p/{sub.name}" }, body: "sub" } as const;
const patch = lab({ rule, patchMaskField: "mask" });

describe("the update mask of a PATCH", () => {
  test.each([
    ["", "", ""],
    ["", "{}", ""],
    ["", '{"num":3}', "num"],
    ["", '{"num":null,"tags":[]}', "num,tags"],
    ["", '{"tags":[],"num":0}', "tags,num"],
    ["", '{"name":"n","num":1}', "num"],
    ["", '{"nosuch":1,"num":1}', "num"],
    ["", '{"sub":{"name":"x","sub":{"num":1}},"wrap":"w"}', "sub.name,sub.sub.num,wrap"],
    ["", '{"sub":{}}', "sub"],
    ["?mask=wrap", '{"num":1}', "wrap"],
    ["?mask=", '{"num":1}', ""],
  ])("%s %s is %s", async (query, body, mask) => {
    const { decoded } = await patch(`PATCH /p/n${query}`, body);
    expect(decoded).toMatchObject({ mask });
  });

  test("a binary body has none", async () => {
    const { status, decoded } = await patch("PATCH /p/n", Buffer.from([16, 3]), {
      "content-type": "application/proto",
    });
    expect([status, decoded]).toEqual([200, { sub: { name: "n", num: 3 } }]);
  });
});

describe("other methods", () => {
  test("have none unless the contract says so", async () => {
    const put = { pattern: { case: "put", value: "/p" }, body: "sub" } as const;
    expect(await lab({ rule: put, patchMaskField: "mask" })("PUT /p", "{}")).toEqual({
      status: 200,
      decoded: { sub: {} },
    });
    const named = lab({ rule: put, rest: { updateMask: "mask" } });
    expect(await named("PUT /p", '{"num":1}')).toEqual({
      status: 200,
      decoded: { mask: "num", sub: { num: 1 } },
    });
  });

  test("a method that replaces has the mask *", async () => {
    const both = lab({
      rule: {
        ...rule,
        additionalBindings: [{ pattern: { case: "put", value: "/p/{sub.name}" }, body: "sub" }],
      },
      rest: { updateMask: "mask", replaceOn: ["put"] },
    });
    expect((await both("PUT /p/n", '{"num":1}')).decoded).toMatchObject({ mask: "*" });
    expect((await both("PATCH /p/n", '{"num":1}')).decoded).toMatchObject({ mask: "num" });
  });
});
