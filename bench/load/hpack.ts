// Hot path of the load generator: as much of HPACK (RFC 7541) as a load needs.
//
// Requests: what never changes is put into the table of the connection once, as any client does. Answers: headers are
// only looked at for ":status: 200" and "grpc-status: 0", so strings are compared as they stand on the wire, with or
// without Huffman coding, and never decoded.

/** Bits of what a header section says. */
export const statusOk = 1;
export const grpcStatusOk = 2;

/** The static table ends at 61, Appendix A. */
const staticSize = 61;

// Classes of names, in the upper bits of an entry; its lowest bit: the value is the one wanted.
const otherName = 0;
const statusName = 2;
const grpcStatusName = 4;

const names = [
  { name: statusName, forms: [Buffer.from(":status")] },
  { name: grpcStatusName, forms: [Buffer.from("grpc-status"), Buffer.from("9acac8b21234da8f", "hex")] },
];
const wantedValues = new Map([
  [statusName, [Buffer.from("200"), Buffer.from("1001", "hex")]],
  [grpcStatusName, [Buffer.from("0"), Buffer.from("07", "hex")]],
]);

/** Reads the header sections of one connection, in their order. */
export interface HeaderReader {
  /** The bits of a section. */
  read(block: Buffer): number;
}

export function headerReader(): HeaderReader {
  // The newest 128 entries of the dynamic table. It never holds more: an entry counts 32 bytes or more, and the table
  // 4096 bytes. What the server has evicted it does not refer to, so sizes need not be counted.
  const ring = new Uint8Array(128);
  let inserted = 0;
  let block: Buffer = Buffer.alloc(0);
  let at = 0;

  function read(section: Buffer): number {
    block = section;
    at = 0;
    let bits = 0;
    while (at < block.length) bits |= bitsOf(readField());
    return bits;
  }

  /** One field representation, section 6. */
  function readField(): number {
    const first = block[at] ?? 0;
    if (first >= 0x80) return entryAt(readInteger(7));
    if (first >= 0x40) {
      const entry = readLiteral(6);
      ring[inserted++ % ring.length] = entry;
      return entry;
    }
    if (first >= 0x20) {
      readInteger(5);
      return otherName;
    }
    return readLiteral(4);
  }

  function readLiteral(prefixBits: number): number {
    const index = readInteger(prefixBits);
    const name = index === 0 ? nameOf(readString()) : entryAt(index) & ~1;
    const value = readString();
    return wantedValues.get(name)?.some((wanted) => wanted.equals(value)) === true ? name | 1 : name;
  }

  function entryAt(index: number): number {
    if (index > staticSize) return ring[(inserted - (index - staticSize)) % ring.length] ?? otherName;
    // Entry 8 of the static table is ":status: 200", 9 to 14 are other values of :status.
    if (index === 8) return statusName | 1;
    return index >= 9 && index <= 14 ? statusName : otherName;
  }

  /** Section 5.1. */
  function readInteger(prefixBits: number): number {
    const max = (1 << prefixBits) - 1;
    let value = (block[at++] ?? 0) & max;
    if (value < max) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = block[at++] ?? 0;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  /** Section 5.2, as it stands. */
  function readString(): Buffer {
    const length = readInteger(7);
    at += length;
    return block.subarray(at - length, at);
  }

  return { read };
}

function bitsOf(entry: number): number {
  if (entry === (statusName | 1)) return statusOk;
  return entry === (grpcStatusName | 1) ? grpcStatusOk : 0;
}

function nameOf(text: Buffer): number {
  return names.find(({ forms }) => forms.some((form) => form.equals(text)))?.name ?? otherName;
}

/** The header section of a request, in two forms. */
export interface HeaderBlocks {
  /** Puts the constant fields into the table of the connection: for its first request. */
  readonly first: Buffer;
  /** Refers to them: for every later one. */
  readonly later: Buffer;
}

/** A header field. */
export type Field = readonly [name: string, value: string];

/** `constant` fields have to be the same for all requests of a connection; pseudo-header fields come first. */
export function requestBlocks(constant: readonly Field[], varying: readonly Field[]): HeaderBlocks {
  const tail = varying.map((field) => literal(0x00, field));
  return {
    first: Buffer.concat([...constant.map((field) => literal(0x40, field)), ...tail]),
    // The newest entry has the lowest index.
    later: Buffer.concat([...constant.map((_, i) => indexed(staticSize + constant.length - i)), ...tail]),
  };
}

function indexed(index: number): Buffer {
  return integer(0x80, 7, index);
}

function literal(pattern: number, [name, value]: Field): Buffer {
  return Buffer.concat([Buffer.of(pattern), text(name), text(value)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  return Buffer.concat([integer(0, 7, bytes.length), bytes]);
}

function integer(pattern: number, prefixBits: number, value: number): Buffer {
  const max = (1 << prefixBits) - 1;
  if (value < max) return Buffer.of(pattern | value);
  const bytes = [pattern | max];
  let rest = value - max;
  for (; rest >= 0x80; rest >>= 7) bytes.push(0x80 | (rest & 0x7f));
  return Buffer.of(...bytes, rest);
}
