import { describe, expect, it } from "vitest";

import { createAddressPolicy } from "./address-policy.ts";

const strict = createAddressPolicy();

describe("createAddressPolicy()", () => {
  it.each([
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "2a00:1450::1",
  ])("lets %s through", (address) => {
    expect(strict.refusal(address)).toBeUndefined();
  });

  it.each([
    ["127.0.0.1", "belongs to this machine itself"],
    ["0.0.0.0", "belongs to this machine itself"],
    ["::1", "belongs to this machine itself"],
    ["10.0.0.1", "belongs to a private network"],
    ["fd12::1", "belongs to a private network"],
    ["100.64.0.1", "belongs to a carrier's network"],
    ["169.254.169.254", "belongs to a cloud's metadata service"],
    ["100.100.100.200", "belongs to a cloud's metadata service"],
    ["168.63.129.16", "belongs to a cloud's metadata service"],
    ["fd00:ec2::254", "belongs to a cloud's metadata service"],
    ["::ffff:8.8.8.8", "belongs to an IPv4 address in disguise"],
    ["64:ff9b::8.8.8.8", "belongs to an IPv4 address in disguise"],
    ["2002:808:808::1", "belongs to an IPv4 address in disguise"],
    ["2001:0:808:808::1", "belongs to an IPv4 address in disguise"],
    ["::8.8.8.8", "belongs to an IPv4 address in disguise"],
    ["::808:808", "belongs to a reserved network"],
    ["4000::1", "belongs to a reserved network"],
    ["fe80::1%eth0", "is no address"],
    ["2606:4700::1111%eth0", "is no address"],
    ["0x7f.1", "is no address"],
    ["010.1.1.1", "is no address"],
    ["example.org", "is no address"],
    ["", "is no address"],
  ])("refuses %s: it %s", (address, refusal) => {
    expect(strict.refusal(address)).toBe(refusal);
  });

  it("opens what is listed, and nothing beside it", () => {
    const policy = createAddressPolicy(["10.1.0.0/16", "127.0.0.1", "fd12::/48"]);

    expect(["10.1.2.3", "127.0.0.1", "fd12::1"].map((address) => policy.refusal(address))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const closed = ["10.2.0.1", "127.0.0.2", "fd13::1", "::1", "169.254.169.254", "::ffff:10.1.2.3"];
    expect(closed.filter((address) => policy.refusal(address) === undefined)).toEqual([]);
  });

  it("opens a metadata service by its exact address only", () => {
    expect(createAddressPolicy(["169.254.0.0/16"]).refusal("169.254.169.254")).toBeDefined();
    expect(createAddressPolicy(["100.64.0.0/10"]).refusal("100.100.100.200")).toBeDefined();
    expect(createAddressPolicy(["fd00::/8"]).refusal("fd00:ec2::254")).toBeDefined();
    expect(createAddressPolicy(["169.254.169.254"]).refusal("169.254.169.254")).toBeUndefined();
  });

  it.each([
    "0.0.0.0/0",
    "::/0",
    "64.0.0.0/2",
    "fc00::/6",
    "10.0.0.0/7",
    "private",
    "10.0.0/8",
    "10.0.0.0/33",
    "",
    "010.1.1.1",
  ])("does not take %s for a range", (range) => {
    expect(() => createAddressPolicy([range])).toThrow(
      expect.objectContaining({ code: "egress.invalid_rule" }),
    );
  });
});
